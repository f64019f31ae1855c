/** The options of a parent as the core of ownership takes them. Pure. */
import { planShards } from '../../../allocator/plan-instances.js'
import type { ShardPlan } from '../../../allocator/plan-types.js'
import { defaultWeights } from '../../../allocator/weights.js'
import type { ResolvedParent, ResolvedPoint } from '../../../options/resolved-options.js'
import { Ownership } from './ownership/ownership.js'
import type { FormerRecord, MachineRoom, OwnedInstance } from './ownership/ownership-types.js'

export function planOf({ points, totalShards }: ResolvedParent): ShardPlan {
  const shares = points.map(({ name, shards, shardsPerInstance }) => ({
    machine: name,
    shards,
    shardsPerInstance,
  }))
  return planShards(totalShards, shares)
}

/** How much one of the points can take; what was not said of it is reckoned from the others. */
export function roomOf(point: ResolvedPoint, points: readonly ResolvedPoint[]): MachineRoom {
  const weight = defaultWeights(points)[points.indexOf(point)] ?? 1
  return { name: point.name, weight, maxShards: point.maxShards }
}

/** Who owns what at the start of a parent. */
export function ownershipOf(options: ResolvedParent, former: FormerRecord, now: number): Ownership {
  const { points, totalShards, onMachineLost: policy, leaseMs } = options
  const instances = planOf(options).machines.flatMap(({ machine, instances: own }) =>
    own.map((plan): OwnedInstance => ({ ...plan, home: machine })),
  )
  const rooms = points.map((point) => roomOf(point, points))
  return new Ownership({ totalShards, policy, leaseMs, former }, instances, rooms, now)
}
