import { describe, expect, it } from 'vitest'
import { partBytesMax } from '../../../src/link/kept-message.js'
import { LinkWorld, text } from '../../support/link-world.js'
import { seededRandom } from '../../support/virtual-system.js'

const seeds = 40
const messagesEach = 150

interface Storm {
  readonly world: LinkWorld
  readonly sent: readonly string[]
  /** How often a connection broke while more than two parts were on their way. */
  readonly halves: number
}

/** Mostly short; some span many chunks of the wire, and a few go in several parts. */
function padding(random: () => number): string {
  const dice = random()
  if (dice < 0.03) return 'o'.repeat(Math.floor(random() * partBytesMax * 4))
  return dice < 0.1 ? '.'.repeat(Math.floor(random() * 60_000)) : ''
}

/**
 * Random traffic both ways over a wire that cuts the stream into random chunks and breaks it at
 * random places, in the middle of frames, of messages and of handshakes too.
 */
async function storm(seed: number): Promise<Storm> {
  const random = seededRandom(seed)
  let cutting = true
  let halves = 0
  const faults = {
    random,
    onPiece() {
      if (!cutting || random() >= 0.01) return
      const backlog = [world.link.backlogBytes, world.childLinks.at(-1)?.backlogBytes ?? 0]
      if (Math.max(...backlog) > partBytesMax * 2) halves += 1
      world.wire.cut()
    },
  }
  const world = new LinkWorld({ seed, faults })
  await world.serve()
  world.dial()
  await untilUp(world)
  const sent = Array.from({ length: messagesEach }, (_, n) => `${n} ${padding(random)}`)
  for (const words of sent) {
    if (random() < 0.5) await world.system.advance(random() * 400)
    expect(world.link.send(text(words))).toBe(true)
    expect(world.childLink.send(text(words))).toBe(true)
  }
  cutting = false
  await world.system.advance(40_000)
  return { world, sent, halves }
}

async function untilUp(world: LinkWorld): Promise<void> {
  for (let tries = 0; tries < 100 && !world.link.isUp; tries++) await world.system.advance(500)
  // A session that broke before the parent heard of it is replaced; begin when both know the same.
  expect(world.link.isUp).toBe(true)
}

function short(words: string): string {
  return `${words.slice(0, 20)} (${words.length})`
}

/** Short words for what is wrong, as the messages themselves are long. */
function firstDifference(came: readonly string[], sent: readonly string[]): string | undefined {
  for (let at = 0; at < Math.max(came.length, sent.length); at++) {
    if (came[at] === sent[at]) continue
    const [got = 'nothing', wanted = 'nothing'] = [came[at], sent[at]]
    return `at ${at} of ${sent.length}: ${short(got)} instead of ${short(wanted)}`
  }
  return undefined
}

describe('a link over a faulty network', () => {
  let halvesInAll = 0
  const base = Number(process.env.DM_SEED ?? 1)

  it.each(Array.from({ length: seeds }, (_, index) => base + index))(
    'delivers exactly once and in order (seed %i; replay with DM_SEED)',
    async (seed) => {
      const { world, sent, halves } = await storm(seed)
      halvesInAll += halves
      expect(world.wire.dialled).toBeGreaterThan(1)
      expect(firstDifference(world.child.messages, sent)).toBeUndefined()
      expect(firstDifference(world.parent.messages, sent)).toBeUndefined()
      await world.end()
      expect(world.system.pendingTimers).toBe(0)
    },
  )
  it('was cut while several parts were on their way, too', () => {
    expect(halvesInAll).toBeGreaterThan(seeds)
  })
})
