/**
 * Many child managers in one process, whose instances are stand-ins: `stand-in-children.js <settings>`.
 * Links, modes and fleets are the real ones, so their parent sees no difference.
 */
import { once } from 'node:events'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fromDist } from '../lib/dist.js'
import { answer } from '../lib/processes.js'

const [system, options, environment, links, mode, fleets, channel, ids] = await Promise.all(
  [
    'system/system.js',
    'options/resolve-options.js',
    'options/options-environment.js',
    'modes/machines/child/child-links.js',
    'modes/machines/child/child-mode.js',
    'modes/local/fleet.js',
    'instances/channel/instance-channel.js',
    'instances/ipc-ids.js',
  ].map(fromDist),
)
const { realSystem } = system
const { InstanceOp, ManagerOp } = channel
const { count, stateDir } = JSON.parse(process.argv[2] ?? '')

/** An instance without a process: it is ready at once, and ends when it is told to. */
function launch() {
  const end = new AbortController()
  const exited = once(end.signal, 'abort').then(() => ({ code: 0, signal: null }))
  const standIn = {
    events: { frame() {}, close() {} },
    send(op) {
      if (op === ManagerOp.STOP) end.abort()
      return true
    },
    close() {},
    ref() {},
    unref() {},
  }
  setImmediate(() => {
    for (const op of [InstanceOp.HELLO, InstanceOp.ATTACHED, InstanceOp.READY]) {
      standIn.events.frame(op, Buffer.alloc(0))
    }
  })
  const ipc = { onMessage() {}, send: () => false }
  const [stdout, stderr] = [Readable.from([]), Readable.from([])]
  const kill = () => end.abort()
  return { channel: standIn, ipc, pid: process.pid, stdout, stderr, exited, kill }
}

const launcher = { mode: 'processes', launch, close: async () => {} }

async function child(index) {
  const resolved = options.resolveOptions(
    {
      mode: 'machines',
      file: import.meta.filename,
      output: 'ignore',
      machines: {
        me: 'child',
        ipc: { networkHost: '127.0.0.1', networkPort: 0 },
        stateDir: join(stateDir, String(index)),
      },
    },
    environment.processEnvironment(),
  )
  const made = new mode.ChildMode(
    resolved,
    new links.ChildLinks(resolved, realSystem),
    realSystem,
    () => {},
    new ids.IpcIds(realSystem),
    (fleet) => fleets.createFleet(launcher, fleet),
  )
  await made.start()
  return made.address().port
}

const ports = []
for (let index = 0; index < count; index += 1) ports.push(await child(index))
answer({ ports: () => ports })
