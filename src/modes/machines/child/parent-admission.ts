/**
 * Who may be the parent of this child, of those that have proven who they are. Pure.
 *
 * A child serves one parent at a time, and stays that parent's until its link is closed or can no
 * longer come back: a break of a few seconds must not hand the bots to somebody else. The parent
 * itself, known by its key, is always let in again, unless it is an older start of it.
 */
import type { ErrorCode } from '../../../errors.js'
import type { Peer } from '../../../link/link.js'
import type { ResolvedChild } from '../../../options/resolved-options.js'

/** `machines.takeover` */
export type TakeoverPolicy = ResolvedChild['takeover']

export type Newcomer = Pick<Peer, 'key' | 'epoch' | 'recognisedBy'>

/** The parent that was let in last. */
export interface LastParent {
  readonly key: string
  readonly epoch: number
  /** Its link is up; is broken and may come back (`away`); or is closed, or was given up (`gone`). */
  readonly state: 'up' | 'away' | 'gone'
  /** Address and fingerprint, for people. */
  readonly name: string
}

export type AdmissionDecision =
  | { readonly accept: true }
  | { readonly accept: false; readonly code: ErrorCode; readonly reason: string }

export function decideAdmission(
  newcomer: Newcomer,
  last: LastParent | undefined,
  takeover: TakeoverPolicy,
): AdmissionDecision {
  if (last === undefined) return { accept: true }
  if (newcomer.key === last.key) {
    if (newcomer.epoch >= last.epoch) return { accept: true }
    const reason = 'a newer start of this parent was here before'
    return { accept: false, code: 'DM_EPOCH_OLD', reason }
  }
  if (last.state === 'gone') return { accept: true }
  const obstacle = obstacleToTakeover(newcomer, last, takeover)
  if (obstacle === undefined) return { accept: true }
  const serves = last.state === 'up' ? 'serves' : 'waits for the return of'
  const reason = `this child ${serves} another parent (${last.name}); ${obstacle}`
  return { accept: false, code: 'DM_PARENT_BUSY', reason }
}

function obstacleToTakeover(
  newcomer: Newcomer,
  last: LastParent,
  takeover: TakeoverPolicy,
): string | undefined {
  if (takeover === 'never') return 'its machines.takeover is never'
  if (newcomer.epoch <= last.epoch) return 'that one was started later'
  // What rests on nothing but a first meeting must not be ended by another first meeting.
  const isFirstUse = newcomer.recognisedBy.includes('first-use')
  return isFirstUse ? 'a takeover needs a certificate, key or secret' : undefined
}
