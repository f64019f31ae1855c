import { describe, expect, it } from 'vitest'
import { ChangeWaiters } from '../../../../src/testing/fake-discord/change-waiters.js'

describe('waiting for something to hold', () => {
  it('ends at once when it does, and else with the change that makes it so', async () => {
    const waiters = new ChangeWaiters()
    let count = 0
    await waiters.wait(() => count === 0)
    const waiting = waiters.wait(() => count === 2)
    for (count = 1; count < 3; count++) waiters.look()
    await waiting
    expect(count).toBe(3)
  })

  it('ends when the signal aborts, before or during the wait', async () => {
    const waiters = new ChangeWaiters()
    const controller = new AbortController()
    const waiting = waiters.wait(() => false, controller.signal)
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(waiters.wait(() => true, controller.signal)).rejects.toThrow('enough')
  })

  it('ends with what the question throws', async () => {
    const waiters = new ChangeWaiters()
    let isBroken = false
    const waiting = waiters.wait(() => {
      if (isBroken) throw new Error('broken')
      return false
    })
    isBroken = true
    waiters.look()
    await expect(waiting).rejects.toThrow('broken')
  })

  it('ends with the last reason when nothing will change any more', async () => {
    const waiters = new ChangeWaiters()
    const waiting = waiters.wait(() => false)
    waiters.end(new Error('closed'))
    await expect(waiting).rejects.toThrow('closed')
    await expect(waiters.wait(() => false)).rejects.toThrow('closed')
    await expect(waiters.wait(() => true)).resolves.toBeUndefined()
  })
})
