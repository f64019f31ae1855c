/** Supervisors of tests, and what they decide in a short form. */
import type { SupervisorAction } from '../../src/modes/local/instance-cycle.js'
import { Supervisor, type SupervisorPolicy } from '../../src/modes/local/supervisor.js'

export const supervisorPolicy: SupervisorPolicy = {
  startTimeoutMs: 10_000,
  startConcurrency: 2,
  killTimeoutMs: 5_000,
  maxMemoryMb: undefined,
  totalShards: 4,
  random: () => 0.5,
  respawn: {
    enabled: true,
    delayMs: 1_000,
    delayMsMax: 60_000,
    attemptsMax: 3,
    healthyMs: 60_000,
  },
}

/** A supervisor of so many instances that are ready since time 0. */
export function readySupervisor(
  count: number,
  changes: Partial<SupervisorPolicy> = {},
  shardsPerInstance = 1,
): Supervisor {
  const plans = Array.from({ length: count }, (_, id) => ({
    id,
    shards: Array.from({ length: shardsPerInstance }, (_unused, at) => id * shardsPerInstance + at),
  }))
  const supervisor = new Supervisor(plans, { ...supervisorPolicy, ...changes })
  for (const { id } of plans) supervisor.create(id, 0)
  for (const { id } of plans) supervisor.ready(id, 0)
  return supervisor
}

/** Actions in a short form, as `launch 0`. */
export function shownActions(actions: readonly SupervisorAction[]): string[] {
  return actions.map((action) => {
    switch (action.type) {
      case 'emit':
        return `${action.event.type} ${action.event.instance}`
      case 'kill':
        return `${action.signal} ${action.instance}`
      case 'start-settled':
        return `settled ${action.instance} ${action.error?.code ?? 'ok'}`
      default:
        return `${action.type} ${action.instance}`
    }
  })
}
