/** Puts the runtime of an instance together with the process or thread it runs in. */
import { rmSync } from 'node:fs'
import { type InstanceIdentity, InstanceOp } from '../instances/channel/instance-channel.js'
import { encodeMemory } from '../instances/channel/memory-report.js'
import { realSystem } from '../system/system.js'
import { afterWholeTurn } from '../system/whole-turn.js'
import { runtimeSymbol } from './instance-runtime.js'
import { loadCluster } from './lazy-builtins.js'
import { memoryBytes, reportMemory } from './memory-reports.js'
import { takeChannel } from './preload-channel.js'
import { PreloadRuntime, type RuntimeHost } from './preload-runtime.js'

function hostOf({ mode }: InstanceIdentity): RuntimeHost {
  const isThread = mode === 'workers'
  return {
    system: realSystem,
    exit: (code) => process.exit(code),
    // Emitted rather than sent: on Windows a signal to oneself ends the process without its listeners.
    raiseTerm: () => !isThread && process.emit('SIGTERM', 'SIGTERM'),
    warn: (warning) => process.emitWarning(warning),
    afterTurn: afterWholeTurn,
    // A thread cannot listen to signals; its timers have run out when it goes on.
    onContinue: (action) => {
      if (!isThread) process.on('SIGCONT', action)
    },
  }
}

/**
 * Ctrl-C in a terminal reaches the whole process group. The manager decides what happens then and
 * asks its instances to stop in order, so they must not die under it.
 */
function leaveTerminalSignalsToManager(): void {
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
}

/** Node ends a cluster worker at once when its primary is gone; here the runtime decides that. */
function ownTheEndOfCluster(): void {
  const cluster = loadCluster()
  process.prependListener('disconnect', () => {
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true
  })
}

/**
 * A discordoo bot listens on a socket file, and takes it away only when it is asked to end. Its
 * manager does so otherwise; here it may be gone as well.
 */
function leaveNoSocketFile(instanceIpcId: string | undefined): void {
  if (process.platform === 'win32' || !/^\d+$/.test(instanceIpcId ?? '')) return
  process.on('exit', () => rmSync(`/tmp/ddoo${instanceIpcId}`, { force: true }))
}

/** Does nothing in processes and threads that are not instances. */
export function startPreload(): void {
  const taken = takeChannel(process.env)
  if (taken === undefined) return
  const { identity, channel } = taken
  const runtime = new PreloadRuntime(identity, channel, hostOf(identity))
  Object.defineProperty(globalThis, runtimeSymbol, { value: runtime, configurable: true })
  const hello = JSON.stringify({ pid: process.pid, node: process.version })
  channel.send(InstanceOp.HELLO, Buffer.from(hello))
  // Until the bot API attaches, the channel must not keep a bot alive that has nothing left to do.
  channel.unref()
  const measure = () => memoryBytes(identity.mode)
  // The reports end with the instance, which ends when the channel does.
  reportMemory(realSystem, measure, (bytes) =>
    channel.send(InstanceOp.MEMORY, encodeMemory(bytes), 'vital'),
  )
  leaveNoSocketFile(process.env.SHARDING_INSTANCE_IPC)
  if (identity.mode !== 'workers') leaveTerminalSignalsToManager()
  if (identity.mode === 'clusters') ownTheEndOfCluster()
}
