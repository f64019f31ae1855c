/** Options about machines that are lost: who takes over their shards, and after how long. */
import { limits } from '../limits.js'
import { duration, oneOf } from './checks.js'
import { type Fields, optional, withDefault } from './object-check.js'
import type { Place } from './place.js'
import type { ResolvedParent } from './resolved-options.js'

const defaultLeaseMs = 30_000

export type ResolvedFailover = Pick<ResolvedParent, 'onMachineLost' | 'leaseMs'>

export interface GivenFailover {
  readonly onMachineLost: ResolvedFailover['onMachineLost']
  readonly leaseMs: number | undefined
}

export const failoverFields: Fields<GivenFailover> = {
  onMachineLost: withDefault(oneOf(['hold', 'reassign']), 'hold'),
  leaseMs: optional(duration(limits.leaseMsMin, limits.leaseMsMax)),
}

/** Under `hold` there is no lease: who gives its length believes that there is one. */
export function resolveFailover(
  { onMachineLost, leaseMs }: GivenFailover,
  at: Place,
): ResolvedFailover {
  if (onMachineLost === 'hold' && leaseMs !== undefined) {
    const sentence =
      "there are no leases under onMachineLost: 'hold'; give 'reassign', or leave it out"
    at.child('leaseMs').fault('DM_OPTION_CONFLICT', sentence, {
      given: String(leaseMs),
      allowed: "nothing, or onMachineLost: 'reassign'",
    })
  }
  return { onMachineLost, leaseMs: leaseMs ?? defaultLeaseMs }
}
