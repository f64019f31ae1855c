import { afterEach, describe, expect, it } from 'vitest'
import { messageOverheadBytes } from '../../../src/link/kept-message.js'
import type { LinkHealth } from '../../../src/link/link.js'
import { memoryCarrier } from '../../../src/transport/memory.js'
import { LinkWorld, Recorder, text, type WorldOptions } from '../../support/link-world.js'
import { type SlowCarrier, slowCarrier } from '../../support/slow-carrier.js'

const MiB = 2 ** 20

let world: LinkWorld

afterEach(async () => {
  await world.end()
})

/** A link over a line of so many bytes per ms. */
async function overLine(bytesPerMs: number, options: WorldOptions = {}): Promise<SlowCarrier> {
  world = new LinkWorld(options)
  const line = slowCarrier(memoryCarrier(world.network), world.system, bytesPerMs)
  await world.serve()
  world.dial({ carrier: line })
  await world.system.advance(500)
  expect(world.link.isUp).toBe(true)
  return line
}

/** A message of which only the length is looked at: 64 MiB of text would take longer than sending. */
class Lengths extends Recorder {
  readonly lengths: number[] = []
  readonly healthAt: { readonly at: number; readonly health: LinkHealth }[] = []

  override message(bytes: Uint8Array): void {
    this.lengths.push(bytes.length)
  }

  override health(health: LinkHealth): void {
    super.health(health)
    this.healthAt.push({ at: world.system.now(), health })
  }
}

describe('a message of 64 MiB on a thin line', () => {
  it('holds up neither heartbeats nor the other direction', async () => {
    const parent = new Lengths()
    const child = new Lengths()
    const line = await overLine(5_000, {
      dial: { events: parent },
      serve: {
        onLink: (link) => {
          world.childLinks.push(link)
          return child
        },
      },
    })
    world.link.send(new Uint8Array(64 * MiB))
    world.link.send(text('after'))
    const from = world.system.now()
    let answers = 0
    while (child.lengths.length < 2) {
      world.childLink.send(text('small'))
      await world.system.advance(1_000)
      answers += 1
      expect(parent.lengths).toHaveLength(answers)
    }
    expect(child.lengths).toEqual([64 * MiB, 5])
    // 64 MiB at 5 MB/s take 13.4 s or more: beats of one second all came back, in good time.
    expect(world.system.now() - from).toBeGreaterThan(13_000)
    const beats = parent.healthAt.filter(({ at }) => at >= from)
    expect(beats.length).toBeGreaterThanOrEqual(13)
    for (const { health } of beats) {
      expect(health.verdict).toBe('green')
      expect(health.pingMs).toBeLessThan(200)
    }
    expect(parent.log).toEqual(['up'])
    expect(line.waitingBytes).toBe(0)
  })
})

describe('a peer that reads slowly', () => {
  const bufferBytesMax = 8 * MiB
  const setup = { bufferBytesMax, heartbeatMs: 1_000, silenceMs: 10_000 }
  const message = new Uint8Array(100_000)

  it('grows memory up to the bound and no further, and all that was taken arrives', async () => {
    const child = new Lengths()
    const line = await overLine(200, {
      dial: setup,
      serve: { ...setup, onLink: () => child },
    })
    let taken = 0
    let refused = 0
    for (let n = 0; n < 400; n++) {
      if (world.link.send(message)) taken += 1
      else refused += 1
      expect(world.link.backlogBytes).toBeLessThanOrEqual(bufferBytesMax)
      if (n % 10 === 0) await world.system.advance(10)
    }
    expect(refused).toBeGreaterThan(200)
    expect(world.link.isOpen).toBe(true)
    // Beside the buffer only what is on its way: the stream's share, and what the line reads ahead.
    expect(line.waitingBytes).toBeLessThan(2 * MiB)
    line.bytesPerMs = 1e6
    await world.system.advance(5_000)
    expect(child.lengths).toHaveLength(taken)
    expect(world.link.backlogBytes).toBe(0)
  })

  it('lets vital messages through when the buffer is full', async () => {
    await overLine(200, { dial: setup, serve: setup })
    while (world.link.send(message));
    expect(world.link.send(message, 'vital')).toBe(true)
    expect(world.link.backlogBytes).toBeGreaterThan(bufferBytesMax)
  })

  it('makes a producer that awaits ready() wait, and never meets a full buffer', async () => {
    const child = new Lengths()
    await overLine(2_000, { dial: setup, serve: { ...setup, onLink: () => child } })
    let sent = 0
    const producing = (async () => {
      for (; sent < 200; sent++) {
        expect(world.link.send(message)).toBe(true)
        await world.link.ready()
      }
    })()
    await world.system.advance(1_000)
    const quarter = bufferBytesMax / 4 + message.length + messageOverheadBytes
    expect(sent).toBeLessThan(100)
    expect(world.link.backlogBytes).toBeLessThanOrEqual(quarter)
    await world.system.advance(30_000)
    await producing
    expect(child.lengths).toHaveLength(200)
  })

  it('lets the producer go on when the session is lost, and when the link is closed', async () => {
    const line = await overLine(200, { dial: { ...setup, resumeWindowMs: 20_000 }, serve: setup })
    while (world.link.send(message));
    const first = world.link.ready()
    line.bytesPerMs = 0
    await world.system.advance(45_000)
    await first
    expect(world.parent.log).toContain('reset')
    while (world.link.send(message));
    const second = world.link.ready()
    void world.link.close('DM_STOPPED', 'enough')
    await world.system.advance(5_000)
    await second
    expect(world.link.isOpen).toBe(false)
  })
})
