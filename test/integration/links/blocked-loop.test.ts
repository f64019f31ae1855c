import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { verifySignature } from '../../../src/link/identity.js'
import type { LinkHealth } from '../../../src/link/link.js'
import { type DialedLink, dialLink } from '../../../src/link/link-dialer.js'
import { linkPresets } from '../../../src/options/link-presets.js'
import { realSystem } from '../../../src/system/system.js'
import { tcpCarrier } from '../../../src/transport/tcp.js'
import { plain } from '../../../src/transport/tls.js'
import { eventually } from '../../support/eventually.js'
import { Recorder, text } from '../../support/link-world.js'
import { testTrust } from '../../support/test-identity.js'

const childFile = fileURLToPath(new URL('../../fixtures/links/blocking-child.js', import.meta.url))
const { heartbeatMs } = linkPresets.local
const blockMs = 3_000
/** A block is measured to a quarter of a heartbeat; what was overdue before it counts on top. */
const lagMsMin = blockMs - heartbeatMs

let child: ChildProcess
let link: DialedLink
let parent: Healths

class Healths extends Recorder {
  readonly healths: LinkHealth[] = []

  override health(health: LinkHealth): void {
    super.health(health)
    this.healths.push(health)
  }
}

async function connect(): Promise<void> {
  child = fork(childFile, { stdio: 'inherit' })
  const [{ port }] = await once(child, 'message')
  parent = new Healths()
  link = dialLink({
    ...linkPresets.local,
    system: realSystem,
    carrier: tcpCarrier(),
    address: { host: '127.0.0.1', port },
    secure: (raw) => plain(raw),
    trust: testTrust(1, { secret: 'a secret of 16 bytes', verify: verifySignature }),
    epoch: 1,
    about: () => null,
    events: parent,
  })
  link.start()
  await eventually(() => link.health.pingMs, 'a first ping')
}

/** What the child answers to these words, or undefined as long as it has not. */
async function ask(words: string): Promise<string> {
  const before = parent.messages.length
  link.send(text(words))
  return eventually(() => parent.messages[before], `an answer to ${words}`)
}

afterEach(async () => {
  const exited = child.exitCode === null ? once(child, 'exit') : undefined
  child.kill('SIGCONT')
  await link.close('DM_STOPPED', 'the test is over')
  child.kill('SIGKILL')
  await exited
})

describe('an event loop that is blocked for three seconds', () => {
  it('at the other end is told as a lag, and neither as a ping nor as a dead machine', async () => {
    await connect()
    expect(await ask(`block ${blockMs}`)).toBe('block')
    const lagged = ({ peerLagMs = 0 }: LinkHealth) => peerLagMs >= lagMsMin
    await eventually(() => parent.healths.find(lagged), 'a report of the lag')
    expect(parent.log).toEqual(['up'])
    expect(parent.healths.map(({ verdict }) => verdict)).not.toContain('red')
    expect(link.health.pingP99Ms).toBeLessThan(lagMsMin)
    expect(JSON.parse(await ask('report'))).toMatchObject({ events: ['up'] })
  })

  it('at this end is told to the peer, which is not taken for dead either', async () => {
    await connect()
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs)
    const seen = await eventually(async () => {
      const report = JSON.parse(await ask('report'))
      return report.peerLagMsMax >= lagMsMin ? report : undefined
    }, 'a report of our lag')
    expect(seen).toMatchObject({ events: ['up'] })
    expect(parent.log).toEqual(['up'])
  })
})

describe('a peer that is frozen and whose connection says nothing', () => {
  it('is found, and the session goes on when it is back', async () => {
    await connect()
    child.kill('SIGSTOP')
    link.send(text('frozen'))
    await eventually(() => (parent.log.includes('down') ? true : undefined), 'the frozen peer')
    expect(parent.reason?.message).toMatch(/nothing was heard from the peer for \d+ ms/)
    child.kill('SIGCONT')
    await eventually(() => parent.messages.find((words) => words === 'frozen'), 'its answer')
    expect(parent.log.filter((event) => !event.startsWith('refused'))).toEqual([
      'up',
      'down',
      'resumed',
    ])
  })
})
