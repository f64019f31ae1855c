import { describe, expect, it } from 'vitest'
import { LinkWorld, text } from '../../support/link-world.js'
import { seededRandom } from '../../support/virtual-system.js'

const seeds = 40
const messagesEach = 150

/**
 * Random traffic both ways over a wire that cuts the stream into random chunks and breaks it at
 * random places, in the middle of frames and of handshakes too.
 */
async function storm(seed: number): Promise<LinkWorld> {
  const random = seededRandom(seed)
  let cutting = true
  const faults = {
    random,
    onPiece() {
      if (cutting && random() < 0.02) world.wire.cut()
    },
  }
  const world = new LinkWorld({ seed, faults })
  await world.serve()
  world.dial()
  await untilUp(world)
  for (let n = 0; n < messagesEach; ) {
    // Both sides number what they send and pad it now and then, so that frames span many chunks.
    const padding = random() < 0.1 ? '.'.repeat(Math.floor(random() * 60_000)) : ''
    if (random() < 0.5) await world.system.advance(random() * 400)
    const sent = text(`${n} ${padding}`)
    expect(world.link.send(sent)).toBe(true)
    expect(world.childLink.send(sent)).toBe(true)
    n += 1
  }
  cutting = false
  await world.system.advance(40_000)
  return world
}

async function untilUp(world: LinkWorld): Promise<void> {
  for (let tries = 0; tries < 100 && !world.link.isUp; tries++) await world.system.advance(500)
  // A session that broke before the parent heard of it is replaced; begin when both know the same.
  expect(world.link.isUp).toBe(true)
}

function numbers(messages: readonly string[]): number[] {
  return messages.map((message) => Number(message.split(' ')[0]))
}

describe('a link over a faulty network', () => {
  const wanted = Array.from({ length: messagesEach }, (_, n) => n)
  const base = Number(process.env.DM_SEED ?? 1)

  it.each(Array.from({ length: seeds }, (_, index) => base + index))(
    'delivers exactly once and in order (seed %i; replay with DM_SEED)',
    async (seed) => {
      const world = await storm(seed)
      expect(world.wire.dialled).toBeGreaterThan(1)
      expect(numbers(world.child.messages)).toEqual(wanted)
      expect(numbers(world.parent.messages)).toEqual(wanted)
      await world.end()
      expect(world.system.pendingTimers).toBe(0)
    },
  )
})
