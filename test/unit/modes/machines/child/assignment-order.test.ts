import { describe, expect, it } from 'vitest'
import {
  type LastAssignment,
  staleness,
} from '../../../../../src/modes/machines/child/assignment-order.js'
import type { AssignmentSource } from '../../../../../src/modes/machines/control-messages.js'

const source: AssignmentSource = { parent: 'AAAA', epoch: 5, revision: 3 }
const inForce: LastAssignment = { source, isInForce: true }
const stopped: LastAssignment = { source, isInForce: false }

function outcome(
  given: Partial<AssignmentSource>,
  {
    last = inForce,
    takeover = 'never',
    isEqual = false,
  }: { last?: LastAssignment; takeover?: 'never' | 'higher-epoch'; isEqual?: boolean } = {},
): string {
  return staleness({ ...source, ...given }, isEqual, last, takeover)?.code ?? 'taken'
}

const stale = 'DM_ASSIGNMENT_STALE'

describe('an assignment', () => {
  it('is taken when nothing came before, as after a restart of the child', () => {
    expect(staleness(source, false, undefined, 'higher-epoch')).toBeUndefined()
  })

  it.each([
    [{ revision: 4 }, 'taken'],
    [{ epoch: 6 }, 'taken'],
    [{ epoch: 6, revision: 1 }, 'taken'],
    [{ revision: 2 }, stale],
    [{ epoch: 4 }, stale],
    [{ epoch: 4, revision: 99 }, stale],
  ])('of the same parent is taken if it is later, equal or not, running or not: %j', (...row) => {
    const [given, expected] = row
    for (const last of [inForce, stopped]) {
      for (const isEqual of [true, false]) {
        expect(outcome(given, { last, isEqual })).toBe(expected)
      }
    }
  })

  it('that comes twice is the same one, while it is in force', () => {
    expect(outcome({}, { isEqual: true })).toBe('taken')
    expect(outcome({}, { last: stopped })).toBe(stale)
  })

  it('that says something else under the same numbers is refused', () => {
    expect(outcome({}, { isEqual: false })).toBe(stale)
  })

  it('names both in its refusal', () => {
    const error = staleness({ ...source, epoch: 4 }, true, inForce, 'never')
    expect(error?.message).toMatch(/3 of epoch 4 by SHA256:.*3 of epoch 5 by SHA256:/)
  })
})

describe('an assignment of another parent', () => {
  const other = { parent: 'BBBB', revision: 9 }

  it.each([4, 5, 6])("is for the child's door to judge by default: epoch %i", (epoch) => {
    expect(outcome({ ...other, epoch })).toBe('taken')
  })

  it.each([
    [4, stale],
    [5, stale],
    [6, 'taken'],
  ])("must have a higher epoch with takeover: 'higher-epoch': %i", (epoch, expected) => {
    for (const isEqual of [true, false]) {
      expect(outcome({ ...other, epoch }, { takeover: 'higher-epoch', isEqual })).toBe(expected)
    }
  })

  it('is taken whatever its epoch where the former one has stopped its bots', () => {
    expect(outcome({ ...other, epoch: 1 }, { takeover: 'higher-epoch', last: stopped })).toBe(
      'taken',
    )
  })
})
