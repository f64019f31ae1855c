/**
 * Waits for instances of a former start of this manager, which is gone. Pure.
 *
 * They end by themselves, or their reaper ends them after limits.reaperGraceMs. What is left after
 * that is killed: it serves shards that are about to be started again. Where the system does not
 * tell start times nothing is ever killed, as the process may be a stranger with the same id; it is
 * waited for as long, and then a warning has to do.
 */
import { MachinesError } from '../../../errors.js'
import { limits } from '../../../limits.js'
import type { StartTimeOf } from '../../local/reaper/reaper-ledger.js'
import { type BookedProcess, lives } from './book-page.js'

/** After so long without an end a killed process is worth a line. */
const endlessMs = 2_000

export interface Look {
  /** To be killed now. */
  readonly kill: readonly number[]
  readonly warnings: readonly MachinesError[]
  /** Nothing is left to wait for. */
  readonly isOver: boolean
}

export class FormerWatch {
  #left: readonly BookedProcess[]
  readonly #killAt: number
  #hasWarned = false

  constructor(processes: readonly BookedProcess[], now: number) {
    this.#left = processes
    this.#killAt = now + limits.formerInstancesMs
  }

  look(now: number, startTimeOf: StartTimeOf): Look {
    this.#left = this.#left.filter((one) => lives(one, startTimeOf) !== false)
    if (now < this.#killAt) return this.#result([], [])
    const doubtful = this.#left.filter((one) => lives(one, startTimeOf) === 'perhaps')
    this.#left = this.#left.filter((one) => !doubtful.includes(one))
    const warnings = doubtful.length > 0 ? [mayRun(doubtful)] : []
    const isEndless = this.#left.length > 0 && now >= this.#killAt + endlessMs
    if (!isEndless || this.#hasWarned) return this.#result(this.#left, warnings)
    this.#hasWarned = true
    return this.#result(this.#left, [...warnings, cannotEnd(this.#left)])
  }

  #result(kill: readonly BookedProcess[], warnings: readonly MachinesError[]): Look {
    return { kill: kill.map(({ pid }) => pid), warnings, isOver: this.#left.length === 0 }
  }
}

function mayRun(processes: readonly BookedProcess[]): MachinesError {
  const message =
    `${named(processes)} may be instances of an earlier start of this manager, but this system does ` +
    'not tell; if they are, end them: their shards are started again now'
  return new MachinesError('DM_FORMER_INSTANCES', message)
}

function cannotEnd(processes: readonly BookedProcess[]): MachinesError {
  const message =
    `${named(processes)}, of an earlier start of this manager, cannot be ended; nothing is started ` +
    'before they are gone'
  return new MachinesError('DM_FORMER_INSTANCES', message)
}

function named(processes: readonly BookedProcess[]): string {
  const shown = processes.slice(0, limits.failuresShownMax).map(({ pid }) => pid)
  const more = processes.length - shown.length
  const which = shown.join(', ') + (more > 0 ? ` and ${more} more` : '')
  return processes.length === 1 ? `process ${which}` : `the processes ${which}`
}
