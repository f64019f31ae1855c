/**
 * How the start of an adopted assignment ends. A parent that comes back asks whether every shard
 * runs now, whatever became of the start that it did not see; and nothing is restarted for it. Pure.
 */
import { MachinesError } from '../../../errors.js'
import type { InstancePhase, InstanceStatus } from '../../local/fleet-types.js'

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly error: MachinesError }

/** Phases that are left only when somebody asks for it. */
const restWords: Readonly<Partial<Record<InstancePhase, string>>> = {
  'crash-loop': 'is in a crash loop and stays down until recreate()',
  stopped: 'was ended and stays down until create()',
}

/** Undefined while an instance is on its way up or down. `former`: how its first start failed. */
export function judgeAdopted(
  machine: string,
  instances: readonly InstanceStatus[],
  former?: unknown,
): Verdict | undefined {
  const down = instances.filter(({ phase }) => phase !== 'ready')
  if (down.some(({ phase }) => restWords[phase] === undefined)) return undefined
  if (down.length === 0) return { ok: true }
  const failures = down.map((status) => formerFailure(former, status) ?? resting(status))
  const message = `${down.length} of ${instances.length} instances of ${machine} are down`
  return { ok: false, error: new MachinesError('DM_START_FAILED', message, { machine, failures }) }
}

function formerFailure(former: unknown, { id }: InstanceStatus): Error | undefined {
  if (!(former instanceof MachinesError)) return undefined
  return former.failures?.find((one) => one instanceof MachinesError && one.instance === id)
}

function resting({ id, phase }: InstanceStatus): MachinesError {
  const code = phase === 'crash-loop' ? 'DM_INSTANCE_CRASH_LOOP' : 'DM_OFFLINE'
  return new MachinesError(code, `instance ${id} ${restWords[phase]}`, { instance: id })
}
