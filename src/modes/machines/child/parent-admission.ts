/**
 * Who may be the parent of this child, of those that have proven who they are. Pure.
 *
 * A child serves one parent at a time, and stays that parent's until its link is closed or can no
 * longer come back: a break of a few seconds must not hand the bots to somebody else. Nor are they
 * handed over before the lease has ended that the parent has granted: until then it reckons with
 * them. The parent itself, known by its key, is always let in again, unless it is an older start of
 * it.
 */
import type { ErrorCode } from '../../../errors.js'
import type { Peer } from '../../../link/link.js'
import type { ResolvedChild } from '../../../options/resolved-options.js'

/** `machines.takeover` */
export type TakeoverPolicy = ResolvedChild['takeover']

export interface Newcomer extends Pick<Peer, 'key' | 'epoch' | 'recognisedBy'> {
  /** The highest epoch that it ever came with, earlier starts of this child included. */
  readonly seenEpoch?: number | undefined
}

/** The parent that was let in last. */
export interface LastParent {
  readonly key: string
  readonly epoch: number
  /** Its link is up; is broken and may come back (`away`); or is closed, or was given up (`gone`). */
  readonly state: 'up' | 'away' | 'gone'
  /** How long the lease still runs that it has granted, ms; 0: there is none. */
  readonly leaseLeftMs?: number
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
  const isSame = newcomer.key === last?.key
  if (newcomer.epoch < Math.max(newcomer.seenEpoch ?? 0, isSame ? last.epoch : 0)) {
    const reason = 'a newer start of this parent was here before'
    return { accept: false, code: 'DM_EPOCH_OLD', reason }
  }
  if (last === undefined || isSame) return { accept: true }
  const obstacle = obstacleToTakeover(newcomer, last, takeover) ?? leaseOf(last)
  if (obstacle === undefined) return { accept: true }
  const reason = `this child ${relations[last.state]} another parent (${last.name}); ${obstacle}`
  return { accept: false, code: 'DM_PARENT_BUSY', reason }
}

const relations: Readonly<Record<LastParent['state'], string>> = {
  up: 'serves',
  away: 'waits for the return of',
  gone: 'still runs what it was told by',
}

function obstacleToTakeover(
  newcomer: Newcomer,
  last: LastParent,
  takeover: TakeoverPolicy,
): string | undefined {
  if (last.state === 'gone') return undefined
  if (takeover === 'never') return 'its machines.takeover is never'
  if (newcomer.epoch <= last.epoch) return 'that one was started later'
  // What rests on nothing but a first meeting must not be ended by another first meeting.
  const isFirstUse = newcomer.recognisedBy.includes('first-use')
  return isFirstUse ? 'a takeover needs a certificate, key or secret' : undefined
}

function leaseOf({ leaseLeftMs = 0 }: LastParent): string | undefined {
  if (leaseLeftMs <= 0) return undefined
  return `its lease runs for ${Math.ceil(leaseLeftMs / 100) / 10} s more`
}
