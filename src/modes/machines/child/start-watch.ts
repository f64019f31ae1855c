/** Waits for the starts of assignments, of which something may have run before. */
import { MachinesError } from '../../../errors.js'
import { ReadySignal } from '../../../link/ready-signal.js'
import type { InstanceEvent } from '../../local/fleet-types.js'
import { reportedError } from '../reported-error.js'
import { failuresAmong, failuresOf, startError } from './adopted-start.js'
import type { Running } from './child-workload.js'

export class StartWatch {
  readonly #isCurrent: (running: Running) => boolean
  /** How the last start of each instance has failed, until the next one. */
  readonly #failures = new Map<number, Error>()
  readonly #news = new ReadySignal()

  /** @param isCurrent whether this is in force, and is not being stopped. */
  constructor(isCurrent: (running: Running) => boolean) {
    this.#isCurrent = isCurrent
  }

  /** Something happened to an instance. */
  happened(event: InstanceEvent): void {
    const { instance } = event
    if (event.type === 'spawned') this.#failures.delete(instance)
    if (event.type === 'start-failed') {
      this.#failures.set(instance, reportedError(event, { instance }))
    }
    this.#news.give()
  }

  /** Something else may be in force now. */
  changed(): void {
    this.#news.give()
  }

  /**
   * Resolves when all are ready: those `kept` are looked at as they are now, and for the others their
   * start counts, `begun`. Rejects with DM_START_FAILED once each of them stays down or had its
   * chance, and with DM_START_ABORTED when something else is in force.
   */
  async untilStarted(
    running: Running,
    kept: ReadonlySet<number>,
    begun: Promise<void>,
  ): Promise<void> {
    const [ofAdded, ofKept] = await Promise.all([
      begun.then(() => [], failuresOf),
      this.#failuresOfKept(running, kept),
    ])
    if (!this.#isCurrent(running)) throw overtaken()
    const { assignment, fleet } = running
    const failures = [...ofKept, ...ofAdded]
    const failure = startError(assignment.machine, fleet.status().length, failures)
    if (failure) throw failure
  }

  /** Resolves as soon as none of them is on its way. */
  async #failuresOfKept(running: Running, kept: ReadonlySet<number>): Promise<readonly Error[]> {
    for (;;) {
      if (!this.#isCurrent(running)) throw overtaken()
      const instances = running.fleet.status().filter(({ id }) => kept.has(id))
      const failures = failuresAmong(instances, this.#failures)
      if (failures) return failures
      await this.#news.wait()
    }
  }
}

/** Whether a start has ended only because something else came. */
export function isOvertaken(error: unknown): boolean {
  if (!(error instanceof MachinesError)) return false
  return error.code === 'DM_STOPPED' || error.code === 'DM_START_ABORTED'
}

export function overtaken(): MachinesError {
  return new MachinesError('DM_START_ABORTED', 'something else came while the machine was starting')
}
