/**
 * Which of two assignments is the later one, whatever link each came by and in what order. Pure.
 *
 * One parent orders its assignments by epoch and revision. Those of different parents can be ordered
 * only where the operator has said that the one with the higher epoch is right; elsewhere the child's
 * door has decided between the two before either could say anything.
 */
import { MachinesError } from '../../../errors.js'
import { fingerprint } from '../../../link/identity.js'
import type { AssignmentSource } from '../control-messages.js'
import type { TakeoverPolicy } from './parent-admission.js'

/** The assignment that was put into force last. */
export interface LastAssignment {
  readonly source: AssignmentSource
  /** False once it was stopped. */
  readonly isInForce: boolean
}

/**
 * DM_ASSIGNMENT_STALE when `given` must not be carried out any more. `isEqual`: one is in force, and
 * this one says the same; under the same numbers it is that very one, and does no harm.
 */
export function staleness(
  given: AssignmentSource,
  isEqual: boolean,
  last: LastAssignment | undefined,
  takeover: TakeoverPolicy,
): MachinesError | undefined {
  if (last === undefined || !areOrdered(given, last, takeover)) return undefined
  const order = compare(given, last.source)
  const isSame = given.parent === last.source.parent && order === 0 && isEqual
  if (order > 0 || isSame) return undefined
  const message = `${shown(given)} is not later than ${shown(last.source)}, which came before`
  return new MachinesError('DM_ASSIGNMENT_STALE', message)
}

/** A parent that has stopped its bots has given the machine away: what another one says is new. */
function areOrdered(
  { parent }: AssignmentSource,
  { source, isInForce }: LastAssignment,
  takeover: TakeoverPolicy,
): boolean {
  return parent === source.parent || (isInForce && takeover === 'higher-epoch')
}

function compare(a: AssignmentSource, b: AssignmentSource): number {
  // Revisions of two parents have nothing to do with each other.
  if (a.epoch !== b.epoch || a.parent !== b.parent) return a.epoch - b.epoch
  return a.revision - b.revision
}

function shown({ parent, epoch, revision }: AssignmentSource): string {
  const key = fingerprint(Buffer.from(parent, 'base64'))
  return `assignment ${revision} of epoch ${epoch} by ${key}`
}
