/**
 * Decides which refusals are told to the operator one by one: ten thousand connections of a port
 * scanner must not write ten thousand lines. Pure; exact counts are kept elsewhere.
 */
import { MachinesError } from '../../../errors.js'
import { limits } from '../../../limits.js'

export class RefusalReports {
  /** How many may be reported at once; grows back with time. */
  #credit: number = limits.refusalReportsBurst
  #at = 0
  #silent = 0

  /** The error to report, which says how many went unreported before it; undefined: not this one. */
  report(error: MachinesError, now: number): MachinesError | undefined {
    const earned = (now - this.#at) / limits.refusalReportEveryMs
    this.#at = now
    this.#credit = Math.min(limits.refusalReportsBurst, this.#credit + earned)
    if (this.#credit < 1) {
      this.#silent += 1
      return undefined
    }
    this.#credit -= 1
    const silent = this.#silent
    this.#silent = 0
    return silent === 0 ? error : withCount(error, silent)
  }
}

function withCount(error: MachinesError, silent: number): MachinesError {
  const words = silent === 1 ? 'one more was' : `${silent} more were`
  const { code, message, cause, machine, given } = error
  return new MachinesError(code, `${message} (and ${words} refused since the last report)`, {
    cause,
    ...(machine === undefined ? {} : { machine }),
    ...(given === undefined ? {} : { given }),
  })
}
