/**
 * How the start of an assignment ends of which something ran already. A parent that comes back asks
 * whether every shard runs now, whatever became of the start that it did not see; and nothing is
 * restarted for it. Pure.
 */
import { type ErrorCode, MachinesError, toError } from '../../../errors.js'
import type { InstanceStatus } from '../../local/fleet-types.js'

/** Why an instance is down and stays so until somebody asks for it, or for hours. */
function restOf({ phase, isHeld }: InstanceStatus): [code: ErrorCode, words: string] | undefined {
  if (phase === 'crash-loop') {
    return ['DM_INSTANCE_CRASH_LOOP', 'is in a crash loop and stays down until restart()']
  }
  if (phase === 'stopped') return ['DM_OFFLINE', 'was ended and stays down until create()']
  if (!isHeld) return undefined
  return ['DM_RESPAWN_HELD', 'is held down, as the session starts of the day are used up']
}

/**
 * An error for each of these instances that stays down; none of them: all are ready. Undefined while
 * one is on its way up or down. `former`: how its last start failed, by instance.
 */
export function failuresAmong(
  instances: readonly InstanceStatus[],
  former: ReadonlyMap<number, Error>,
): readonly Error[] | undefined {
  const down = instances.filter(({ phase }) => phase !== 'ready')
  const failures = down.flatMap((status) => {
    const rest = restOf(status)
    return rest ? [former.get(status.id) ?? restError(status, ...rest)] : []
  })
  return failures.length < down.length ? undefined : failures
}

/** What the start of a fleet, or of a part of it, has failed with, one error per instance. */
export function failuresOf(error: unknown): readonly Error[] {
  return (error instanceof MachinesError ? error.failures : undefined) ?? [toError(error)]
}

/** One for all that failed of so many instances; undefined: none has. */
export function startError(
  machine: string,
  count: number,
  failures: readonly Error[],
): MachinesError | undefined {
  if (failures.length === 0) return undefined
  const message = `${failures.length} of ${count} instances of ${machine} are down`
  return new MachinesError('DM_START_FAILED', message, { machine, failures })
}

function restError({ id }: InstanceStatus, code: ErrorCode, words: string): MachinesError {
  return new MachinesError(code, `instance ${id} ${words}`, { instance: id })
}
