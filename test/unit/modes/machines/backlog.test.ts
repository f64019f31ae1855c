/** A machine that reads nothing: what others lose by it, and what whoever sends can know. */
import { afterEach, describe, expect, it } from 'vitest'
import { limits } from '../../../../src/limits.js'
import type { ModeEvent } from '../../../../src/modes/mode.js'
import type { Undelivered } from '../../../../src/routing/router-types.js'
import { Star } from '../../../support/star.js'

const bufferBytesMax = limits.sessionBufferBytesMin
const large = 'x'.repeat(8 * 2 ** 20)
/** So many of them fit into the buffer: with their headers they are a little over 8 MiB each. */
const fitting = bufferBytesMax / large.length - 1

let star: Star
afterEach(async () => {
  await star.end()
})

async function frozen() {
  const world = await Star.started({ machines: { link: { bufferBytesMax } } })
  star = world.star
  world.parent.wire(1).freeze()
  return world.parent
}

function undelivered(events: readonly ModeEvent[]): Undelivered[] {
  return events.flatMap((event) => (event.type === 'undelivered' ? [event.report] : []))
}

describe('a machine that reads nothing', () => {
  it('is kept as much for as the buffer takes; the rest is reported, with the reason', async () => {
    const { mode, heard } = await frozen()
    const ids = Array.from({ length: fitting + 3 }, () => mode.calls.send(large, { to: 2 }))
    await star.system.settle()
    expect(undelivered(heard.events)).toMatchObject(
      ids.slice(fitting).map((messageId) => ({
        messageId,
        instances: [2],
        reason: { code: 'DM_LINK_BACKLOG' },
      })),
    )
    const calls = mode.calls.evalSettled('', { to: [0, 2], timeoutMs: 100, context: { large } })
    await star.system.advance(1_000)
    expect(await calls).toMatchObject([
      { instance: 0, status: 'timeout' },
      { instance: 2, status: 'offline', error: { code: 'DM_LINK_BACKLOG' } },
    ])
  })

  it('makes a sender that awaits flushed() wait until there is room, and no longer', async () => {
    const { mode, heard } = await frozen()
    const first = star.watch(mode.flushed())
    await star.system.settle()
    expect(first.outcome).toBe('resolved')
    for (let n = 0; n < fitting; n++) mode.calls.send(large, { to: 2 })
    const second = star.watch(mode.flushed())
    await star.system.advance(2_000)
    expect(second.outcome).toBe('pending')
    // The silence is noticed, and the session goes on over a connection that is not frozen.
    await star.system.advance(5_000)
    expect(second.outcome).toBe('resolved')
    expect(undelivered(heard.events)).toEqual([])
  })

  it('still hears what the managers tell each other when bots have filled the buffer', async () => {
    const { mode, heard } = await frozen()
    for (let n = 0; n < fitting + 1; n++) mode.calls.send(large, { to: 2 })
    const killed = star.watch(mode.kill(2))
    star.child(1).launcher.bots.stopsWell = true
    await star.system.advance(10_000)
    expect(killed.outcome).toBe('resolved')
    expect(heard.warnings).toEqual([])
  })
})

describe('a child whose parent reads nothing', () => {
  it('makes its senders wait for the link to the parent', async () => {
    const parent = await frozen()
    const { mode } = star.child(1)
    const before = star.watch(mode.flushed())
    await star.system.settle()
    expect(before.outcome).toBe('resolved')
    for (let n = 0; n < 9; n++) mode.calls.send(large, { to: 0 })
    const after = star.watch(mode.flushed())
    await star.system.settle()
    expect(after.outcome).toBe('pending')
    await star.system.advance(8_000)
    expect(after.outcome).toBe('resolved')
    expect(parent.mode.machines()[1]?.pingP99Ms).toBeGreaterThanOrEqual(0)
  })
})
