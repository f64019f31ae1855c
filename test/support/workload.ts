/** The workload of a child on bots that exist only in a test, and what becomes of assignments to it. */
import { createFleet } from '../../src/modes/local/fleet.js'
import type { Acceptance } from '../../src/modes/machines/child/acceptance.js'
import type { CheckedAssignment } from '../../src/modes/machines/child/assignment-parser.js'
import { ChildWorkload } from '../../src/modes/machines/child/child-workload.js'
import type { AssignmentSource } from '../../src/modes/machines/control-messages.js'
import type { RunOptions } from '../../src/options/resolved-options.js'
import { FakeLauncher } from './fake-launcher.js'
import { quietFleet } from './fleet-options.js'
import { runOptions } from './launched-bot.js'
import { VirtualSystem } from './virtual-system.js'

/** Instances of one shard each, by the same number. */
export function assignmentOf(ids: readonly number[], machine = 'm'): CheckedAssignment {
  const instances = ids.map((id) => ({ id, shards: [id] }))
  return { machine, index: 0, totalShards: 9, callTimeoutMs: 1_000, push: null, instances }
}

/** What has become of an assignment so far. */
export interface Applied {
  readonly accepted: readonly Acceptance[]
  /** How often it was told that everything else is gone. */
  readonly releases: number
  readonly outcome: unknown
}

export interface WorkloadChanges {
  readonly runOptions?: () => RunOptions
  readonly after?: Promise<void>
}

export function createWorkload({ after, ...changes }: WorkloadChanges = {}) {
  const system = new VirtualSystem()
  const launcher = new FakeLauncher()
  const log: string[] = []
  const workload: ChildWorkload = new ChildWorkload(
    { takeover: 'never', ...(after ? { after } : {}) },
    {
      runOptions: () => runOptions('processes', { killTimeoutMs: 1_000, output: 'ignore' }),
      createFleet: ({ machine, totalShards, instances, callTimeoutMs }, run) =>
        createFleet(launcher, {
          ...quietFleet,
          machine,
          totalShards,
          instances,
          callTimeoutMs,
          run,
          system,
          writeOutput: () => {},
          onEvent: (event) => {
            log.push(`${event.type} ${event.instance}`)
            workload.happened(event)
          },
          onInstancesChanged: () => log.push(`has ${idsOf(workload)}`),
          onEnvelope: () => {},
        }),
      begun: ({ assignment }) => log.push(`begun ${assignment.machine}`),
      growing: () => log.push('growing'),
      mayStart: () => Promise.resolve(),
      ended: () => log.push(`ended ${workload.running?.assignment.machine}`),
      cleared: () => log.push(`cleared ${workload.running?.assignment.machine}`),
      ...changes,
    },
  )
  let revision = 0
  const apply = (assignment: CheckedAssignment, given: Partial<AssignmentSource> = {}): Applied => {
    revision += 1
    const accepted: Acceptance[] = []
    const result = { accepted, releases: 0, outcome: 'pending' as unknown }
    const progress = {
      taken: () => {},
      accepted: (acceptance: Acceptance) => {
        log.push(`accepted ${assignment.machine}`)
        accepted.push(acceptance)
      },
      released: () => {
        log.push(`released ${assignment.machine}`)
        result.releases += 1
      },
    }
    workload.apply(assignment, { parent: 'key', epoch: 5, revision, ...given }, progress).then(
      () => {
        result.outcome = 'started'
      },
      (error: unknown) => {
        result.outcome = error
      },
    )
    return result
  }
  return { system, launcher, log, workload, apply }
}

function idsOf({ running }: ChildWorkload): string {
  return (
    running?.fleet
      .status()
      .map(({ id }) => id)
      .join() ?? 'nothing'
  )
}
