/** How a start of several instances has ended. Pure. */
import { MachinesError, toError } from '../../errors.js'

/** The start of one instance, once it has ended; `error`: undefined when it is ready. */
export interface EndedStart {
  readonly id: number
  readonly error: unknown
}

/**
 * Undefined when all are ready, else DM_START_FAILED, which names each that failed and is still
 * wanted: the failure of one that was stopped or removed meanwhile says nothing. DM_START_ABORTED
 * when there is none to name.
 */
export function startFailure(
  machine: string,
  starts: readonly EndedStart[],
  isWanted: (id: number) => boolean,
): MachinesError | undefined {
  const failed = starts.filter(({ error }) => error !== undefined)
  if (failed.length === 0) return undefined
  const failures = failed.filter(({ id }) => isWanted(id)).map(({ error }) => toError(error))
  if (failures.length === 0) {
    return new MachinesError('DM_START_ABORTED', 'the instances were stopped while starting')
  }
  const message = `${failures.length} of ${starts.length} instances of ${machine} did not start`
  return new MachinesError('DM_START_FAILED', message, { failures, machine })
}
