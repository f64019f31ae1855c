/** What a parent is told at once about an assignment that is in force from now on. Pure. */
import type { InstancePlan } from '../../../allocator/plan-types.js'
import type { InstanceStatus } from '../../local/fleet-types.js'
import type { Difference } from './assignment-difference.js'
import type { Running } from './child-workload.js'

export interface Acceptance {
  /** It ran already, and nothing is started or ended for it. */
  readonly adopted: boolean
  /** How long each step of stopping its instances may take, ms. */
  readonly killTimeoutMs: number
  /** Those of the assignment, but for what it ends. */
  readonly instances: readonly InstanceStatus[]
}

/** `change` is about to be made in what runs. */
export function acceptanceOf(
  { fleet, run }: Running,
  { kept, added }: Difference,
  adopted: boolean,
): Acceptance {
  const stays = fleet.status().filter(({ id }) => kept.has(id))
  const instances = [...stays, ...added.map(waiting)].toSorted((a, b) => a.id - b.id)
  return { adopted, killTimeoutMs: run.killTimeoutMs, instances }
}

function waiting(plan: InstancePlan): InstanceStatus {
  const nothing = { pid: undefined, respawns: 0, memoryMb: undefined, isHeld: false }
  return { ...plan, phase: 'waiting', ...nothing }
}
