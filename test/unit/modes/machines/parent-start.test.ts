import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import { ParentStart } from '../../../../src/modes/machines/parent/parent-start.js'
import { VirtualSystem } from '../../../support/virtual-system.js'

function setUp(dialTimeoutMs: number) {
  const system = new VirtualSystem()
  const start = new ParentStart(['a', 'b'], dialTimeoutMs, system)
  let outcome: unknown = 'pending'
  start.wait().then(
    () => {
      outcome = 'resolved'
    },
    (error: unknown) => {
      outcome = error
    },
  )
  return { system, start, outcome: () => outcome }
}

describe('ParentStart', () => {
  it('ends when both are ready, and leaves no timer behind', async () => {
    const { system, start, outcome } = setUp(1_000)
    start.entered('a', 'starting')
    start.entered('a', 'ready')
    await system.settle()
    expect(outcome()).toBe('pending')
    start.entered('b', 'ready')
    await system.settle()
    expect(outcome()).toBe('resolved')
    expect(system.pendingTimers).toBe(0)
  })

  it('measures the wait for a machine from when it was out of reach', async () => {
    const { system, start, outcome } = setUp(1_000)
    start.entered('b', 'ready')
    await system.advance(900)
    start.entered('a', 'starting')
    await system.advance(5_000)
    start.entered('a', 'lost', new MachinesError('DM_LINK_LOST', 'gone'))
    await system.advance(900)
    start.entered('a', 'lost', new MachinesError('DM_LINK_LOST', 'still gone'))
    expect(outcome()).toBe('pending')
    await system.advance(100)
    expect(outcome()).toMatchObject({ failures: [{ code: 'DM_DIAL_TIMEOUT', machine: 'a' }] })
  })

  it('waits for ever without a limit', async () => {
    const { system, outcome } = setUp(0)
    await system.advance(1e9)
    expect(outcome()).toBe('pending')
    expect(system.pendingTimers).toBe(0)
  })

  it('is aborted once, and then hears nothing more', async () => {
    const { system, start, outcome } = setUp(1_000)
    start.abort(new MachinesError('DM_START_ABORTED', 'stopped'))
    start.abort(new MachinesError('DM_INTERNAL', 'again'))
    start.entered('a', 'dialling')
    start.entered('a', 'failed', new MachinesError('DM_REMOTE', 'late'))
    start.entered('b', 'ready')
    await system.settle()
    expect(outcome()).toMatchObject({ code: 'DM_START_ABORTED' })
    expect(system.pendingTimers).toBe(0)
  })
})
