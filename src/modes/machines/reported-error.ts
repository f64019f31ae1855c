/** Errors on their way between managers: a code, a message, and perhaps the instance concerned. */
import { type ErrorDetails, isErrorCode, MachinesError, toError } from '../../errors.js'
import { limits } from '../../limits.js'
import type { ErrorReport } from './control-messages.js'

/** A cause of the other manager as an error of this one; a code of a newer version is DM_REMOTE. */
export function reportedError(
  { code, message }: ErrorReport,
  details: ErrorDetails = {},
): MachinesError {
  if (isErrorCode(code)) return new MachinesError(code, message, details)
  return new MachinesError('DM_REMOTE', `${code}: ${message}`, details)
}

export function reportOf(thrown: unknown): ErrorReport {
  if (thrown instanceof MachinesError) return { code: thrown.code, message: thrown.message }
  return { code: 'DM_INTERNAL', message: toError(thrown).message }
}

/** The lines of a message about many failures: the first few of them, and how many there are. */
export function someLines(lines: readonly string[]): readonly string[] {
  const { failuresShownMax } = limits
  const rest = lines.length - failuresShownMax
  return rest > 0 ? [...lines.slice(0, failuresShownMax), `and ${rest} more`] : lines
}
