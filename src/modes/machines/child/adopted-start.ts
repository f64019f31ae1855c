/**
 * How the start of an adopted assignment ends. A parent that comes back asks whether every shard
 * runs now, whatever became of the start that it did not see; and nothing is restarted for it. Pure.
 */
import { type ErrorCode, MachinesError } from '../../../errors.js'
import type { InstanceStatus } from '../../local/fleet-types.js'

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly error: MachinesError }

/** Why an instance is down and stays so until somebody asks for it, or for hours. */
function restOf({ phase, isHeld }: InstanceStatus): [code: ErrorCode, words: string] | undefined {
  if (phase === 'crash-loop') {
    return ['DM_INSTANCE_CRASH_LOOP', 'is in a crash loop and stays down until restart()']
  }
  if (phase === 'stopped') return ['DM_OFFLINE', 'was ended and stays down until create()']
  if (!isHeld) return undefined
  return ['DM_RESPAWN_HELD', 'is held down, as the session starts of the day are used up']
}

/** Undefined while an instance is on its way up or down. `former`: how its first start failed. */
export function judgeAdopted(
  machine: string,
  instances: readonly InstanceStatus[],
  former?: unknown,
): Verdict | undefined {
  const down = instances.filter(({ phase }) => phase !== 'ready')
  if (down.length === 0) return { ok: true }
  const failures = down.flatMap((status) => {
    const rest = restOf(status)
    return rest ? [formerFailure(former, status) ?? restError(status, ...rest)] : []
  })
  if (failures.length < down.length) return undefined
  const message = `${down.length} of ${instances.length} instances of ${machine} are down`
  return { ok: false, error: new MachinesError('DM_START_FAILED', message, { machine, failures }) }
}

function formerFailure(former: unknown, { id }: InstanceStatus): Error | undefined {
  if (!(former instanceof MachinesError)) return undefined
  return former.failures?.find((one) => one instanceof MachinesError && one.instance === id)
}

function restError({ id }: InstanceStatus, code: ErrorCode, words: string): MachinesError {
  return new MachinesError(code, `instance ${id} ${words}`, { instance: id })
}
