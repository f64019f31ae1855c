import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../../src/errors.js'
import { PendingPackets } from '../../../../../src/instances/dialects/discordoo/pending-packets.js'
import { limits } from '../../../../../src/limits.js'

function answerTo(event_id: unknown, op = 0) {
  return { op, d: { event_id } }
}

describe('PendingPackets', () => {
  it('finds each request by its event id, once, whatever the order and the op', async () => {
    const pending = new PendingPackets()
    const first = pending.wait('1', 100)
    const second = pending.wait('2', 100)
    expect(pending.answer(answerTo('2', 4))).toBe(true)
    expect(pending.answer(answerTo('2'))).toBe(false)
    expect(pending.answer(answerTo('3'))).toBe(false)
    expect(pending.answer(answerTo(1))).toBe(false)
    expect(pending.has('1')).toBe(true)
    expect(pending.answer(answerTo('1'))).toBe(true)
    expect(await first).toEqual(answerTo('1'))
    expect(await second).toEqual(answerTo('2', 4))
    expect(pending.size).toBe(0)
  })

  it('ends what is overdue, and nothing before', async () => {
    const pending = new PendingPackets()
    const soon = expect(pending.wait('1', 100)).rejects.toMatchObject({ code: 'DM_TIMEOUT' })
    const later = pending.wait('2', 1_000)
    expect(pending.expire(99)).toBe(true)
    expect(pending.size).toBe(2)
    expect(pending.expire(200)).toBe(true)
    await soon
    pending.answer(answerTo('2'))
    await later
    expect(pending.expire(5_000)).toBe(false)
  })

  it('fails one, or all', async () => {
    const pending = new PendingPackets()
    const gone = new MachinesError('DM_OFFLINE', 'gone')
    const ended = Promise.allSettled(['1', '2', '3'].map((id) => pending.wait(id, 100)))
    pending.fail('1', gone)
    pending.fail('1', gone)
    pending.fail(undefined, gone)
    pending.failAll(gone)
    const failed = { status: 'rejected', reason: gone }
    expect(await ended).toEqual([failed, failed, failed])
    expect(pending.size).toBe(0)
  })

  it('takes no more than the limit', async () => {
    const pending = new PendingPackets()
    const waiting = Array.from({ length: limits.pendingRequestsMax }, (_, n) =>
      pending.wait(`${n}`, 9),
    )
    await expect(pending.wait('more', 9)).rejects.toMatchObject({ code: 'DM_PENDING_LIMIT' })
    expect(pending.answer(answerTo('0'))).toBe(true)
    await waiting[0]
    const ended = Promise.allSettled(waiting)
    expect(pending.expire(100)).toBe(false)
    expect((await ended).filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})
