import { describe, expect, it } from 'vitest'
import {
  decideAdmission,
  type LastParent,
  type Newcomer,
} from '../../../../../src/modes/machines/child/parent-admission.js'

const last: LastParent = { key: 'A', epoch: 5, name: '10.0.0.1:5 (SHA256:a)', state: 'up' }

function newcomer(given: Partial<Newcomer> = {}): Newcomer {
  return { key: 'B', epoch: 6, recognisedBy: ['secret'], ...given }
}

function leased(state: LastParent['state'], leaseLeftMs: number): LastParent {
  return { ...last, state, leaseLeftMs }
}

/** The code of a refusal, or `in`. */
function outcome(...given: Parameters<typeof decideAdmission>): string {
  const decision = decideAdmission(...given)
  return decision.accept ? 'in' : decision.code
}

describe('a child without a parent', () => {
  it('takes the first one that has proven itself', () => {
    expect(outcome(newcomer({ recognisedBy: ['first-use'] }), undefined, 'never')).toBe('in')
  })

  it('takes any other one once the last is gone', () => {
    const gone = { ...last, state: 'gone' } as const
    expect(outcome(newcomer({ epoch: 1 }), gone, 'never')).toBe('in')
  })
})

describe('the parent itself', () => {
  it.each(['up', 'away', 'gone'] as const)('is let in again while it is %s', (state) => {
    for (const epoch of [5, 6]) {
      expect(outcome(newcomer({ key: 'A', epoch }), { ...last, state }, 'never')).toBe('in')
    }
  })

  it.each(['up', 'away', 'gone'] as const)('is refused as an older start, when %s', (state) => {
    const older = newcomer({ key: 'A', epoch: 4 })
    expect(outcome(older, { ...last, state }, 'higher-epoch')).toBe('DM_EPOCH_OLD')
  })
})

describe('a parent of which an earlier start of this child knew', () => {
  it('is refused as an older start, before any other was let in', () => {
    const older = newcomer({ key: 'A', epoch: 4, seenEpoch: 5 })
    expect(outcome(older, undefined, 'never')).toBe('DM_EPOCH_OLD')
    expect(outcome(older, { ...last, key: 'C', state: 'gone' }, 'never')).toBe('DM_EPOCH_OLD')
  })

  it('is let in with the same epoch or a later one', () => {
    for (const epoch of [5, 6]) {
      expect(outcome(newcomer({ epoch, seenEpoch: 5 }), undefined, 'never')).toBe('in')
    }
  })
})

describe('another parent while a lease runs', () => {
  it.each(['up', 'away', 'gone'] as const)('waits for its end, the former being %s', (state) => {
    const decision = decideAdmission(newcomer(), leased(state, 12_340), 'higher-epoch')
    expect(decision).toMatchObject({
      accept: false,
      code: 'DM_PARENT_BUSY',
      reason: expect.stringMatching(/10\.0\.0\.1:5.*its lease runs for 12\.4 s more$/),
    })
    expect(outcome(newcomer(), leased(state, 0), 'higher-epoch')).toBe('in')
  })

  it('waits for it also where the former is gone and takeovers are not allowed', () => {
    expect(outcome(newcomer(), leased('gone', 1), 'never')).toBe('DM_PARENT_BUSY')
    expect(outcome(newcomer(), leased('gone', 0), 'never')).toBe('in')
  })

  it('is told first what no waiting changes', () => {
    const decision = decideAdmission(newcomer({ epoch: 5 }), leased('up', 9), 'higher-epoch')
    expect(decision).toHaveProperty('reason', expect.stringContaining('started later'))
  })

  it('does not wait when it is the same one, started later', () => {
    expect(outcome(newcomer({ key: 'A' }), leased('away', 30_000), 'higher-epoch')).toBe('in')
  })
})

describe('another parent', () => {
  it.each(['up', 'away'] as const)('is refused by default while the first is %s', (state) => {
    const decision = decideAdmission(newcomer({ epoch: 99 }), { ...last, state }, 'never')
    expect(decision).toMatchObject({ accept: false, code: 'DM_PARENT_BUSY' })
    expect(decision).toHaveProperty('reason', expect.stringContaining(last.name))
    expect(decision).toHaveProperty('reason', expect.stringContaining('takeover is never'))
  })

  it.each(['up', 'away'] as const)('takes over with a higher epoch where allowed, %s', (state) => {
    expect(outcome(newcomer(), { ...last, state }, 'higher-epoch')).toBe('in')
  })

  it.each([
    ['an equal epoch', { epoch: 5 }, 'started later'],
    ['a lower epoch', { epoch: 4 }, 'started later'],
    ['nothing but a first meeting', { recognisedBy: ['first-use'] }, 'needs a certificate'],
    [
      'a first meeting beside a certificate that nobody demanded',
      { recognisedBy: ['certificate', 'first-use'] },
      'needs a certificate',
    ],
  ] as const)('is refused with %s even where takeovers are allowed', (_what, given, words) => {
    const decision = decideAdmission(newcomer(given), last, 'higher-epoch')
    expect(decision).toMatchObject({
      accept: false,
      code: 'DM_PARENT_BUSY',
      reason: expect.stringContaining(words),
    })
  })

  it.each([['certificate'], ['key'], ['secret'], ['certificate', 'key', 'secret']] as const)(
    'may take over when it is recognised by %s',
    (...recognisedBy) => {
      expect(outcome(newcomer({ recognisedBy }), last, 'higher-epoch')).toBe('in')
    },
  )

  it('is told no more than fits into a goodbye', () => {
    const name = `[2001:db8:1111:2222:3333:4444:5555:6666]:65535, SHA256:${'x'.repeat(43)}`
    const decision = decideAdmission(
      newcomer({ recognisedBy: ['first-use'] }),
      { ...last, state: 'away', name },
      'higher-epoch',
    )
    expect(decision.accept ? '' : decision.reason).toMatch(/.{100,200}/)
    expect(decision.accept ? 999 : decision.reason.length).toBeLessThanOrEqual(200)
  })
})
