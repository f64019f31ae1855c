/**
 * Decides when a parent's start() is over: when every machine is either ready or has failed for
 * good. One machine that fails does not hide the others, so nothing is decided early. Pure.
 */
import { MachinesError } from '../../../errors.js'
import { someLines } from '../reported-error.js'

export type StartResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: MachinesError }

export class StartTracker {
  readonly #waiting: Set<string>
  readonly #failures: MachinesError[] = []
  readonly #total: number

  constructor(machines: readonly string[]) {
    this.#waiting = new Set(machines)
    this.#total = machines.length
  }

  /** Whether nothing was heard of the machine yet. */
  waitsFor(machine: string): boolean {
    return this.#waiting.has(machine)
  }

  /** The machine is ready (no error) or has failed; only the first word of each machine counts. */
  settle(machine: string, error?: MachinesError): StartResult | undefined {
    if (!this.#waiting.delete(machine)) return undefined
    if (error) this.#failures.push(error)
    return this.#waiting.size === 0 ? this.#result() : undefined
  }

  #result(): StartResult {
    if (this.#failures.length === 0) return { ok: true }
    const lines = this.#failures.map(({ machine, message }) => `${machine ?? '?'}: ${message}`)
    const shown = someLines(lines).map((line) => `  ${line}`)
    const count = `${this.#failures.length} of ${this.#total} machines failed to start`
    const message = `${count}:\n${shown.join('\n')}`
    return {
      ok: false,
      error: new MachinesError('DM_START_FAILED', message, { failures: this.#failures }),
    }
  }
}
