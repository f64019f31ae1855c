/**
 * The book of a child manager: which instance processes it has started and not yet seen exit, in its
 * state folder, for a start of it that comes after a SIGKILL. Worker threads end with their manager
 * and are not booked.
 *
 * A start is on disk before the turn of the event loop in which it was told has ended; a manager that
 * is killed in between leaves an instance to the reaper alone. The file is not flushed to the disk:
 * after a power cut there is no process left that it could speak of.
 */
import { join } from 'node:path'
import { type MachinesError, toError } from '../../../errors.js'
import { limits } from '../../../limits.js'
import {
  ensureFolder,
  parseState,
  readStateFile,
  refused,
  replaceStateFile,
} from '../../../link/identity-files.js'
import type { System } from '../../../system/system.js'
import type { InstanceEvent } from '../../local/fleet-types.js'
import {
  type BookedProcess,
  type BookPage,
  bookedAs,
  formatPage,
  lives,
  parsePage,
} from './book-page.js'
import type { MachineProcesses } from './machine-processes.js'

export class InstanceBook {
  readonly #file: string
  readonly #folder: string
  readonly #system: System
  readonly #processes: MachineProcesses
  readonly #onWarning: (error: MachinesError) => void
  /** Of a former manager, until they are known to be gone. */
  #former: readonly BookedProcess[] = []
  readonly #own = new Map<number, BookedProcess>()
  /** False before open(), and where the book belongs to somebody else. */
  #isMine = false
  #isWriteDue = false
  readonly #warned = new Set<string>()

  constructor(
    folder: string,
    system: System,
    processes: MachineProcesses,
    onWarning: (error: MachinesError) => void,
  ) {
    this.#folder = folder
    this.#file = join(folder, 'instances.json')
    this.#system = system
    this.#processes = processes
    this.#onWarning = onWarning
  }

  /**
   * Begins a page of its own and returns what runs, or may run, of the one before.
   *
   * Warns with DM_STATE_DIR where the folder cannot be written or the page before cannot be read;
   * and where another manager that still lives has it: its instances are its own, and this one keeps
   * no book.
   */
  open(): readonly BookedProcess[] {
    const page = this.#read()
    if (page && this.#isInUse(page)) {
      const why = `another manager (process ${page.manager.pid}) uses this folder`
      this.#warn('in use', `${why}; give each one a machines.stateDir of its own`)
      return []
    }
    this.#isMine = true
    const isSameBoot = page?.bootId === this.#processes.bootId
    const { startTimeOf } = this.#processes
    const booked = isSameBoot ? (page?.instances ?? []) : []
    this.#former = booked.filter((one) => lives(one, startTimeOf) !== false)
    this.#write()
    return this.#former
  }

  /** Nothing of the former manager runs any more. */
  formerGone(): void {
    if (this.#former.length === 0) return
    this.#former = []
    this.#writeSoon()
  }

  /** Something happened to an instance of this manager. */
  happened(event: InstanceEvent): void {
    if (event.type === 'spawned' && event.pid !== undefined)
      this.#started(event.instance, event.pid)
    if (event.type === 'exited' && this.#own.delete(event.instance)) this.#writeSoon()
  }

  #started(instance: number, pid: number): void {
    const booked = bookedAs(pid, this.#processes.startTimeOf)
    if (booked === undefined) return
    if (this.#own.size + this.#former.length >= limits.bookedInstancesMax) {
      this.#warn('full', `it holds no more than ${limits.bookedInstancesMax} processes`)
      return
    }
    this.#own.set(instance, booked)
    this.#writeSoon()
  }

  /** At the end of this turn, as many may start or exit in one. */
  #writeSoon(): void {
    if (!this.#isMine || this.#isWriteDue) return
    this.#isWriteDue = true
    queueMicrotask(() => {
      this.#isWriteDue = false
      this.#write()
    })
  }

  #write(): void {
    const { bootId, self, startTimeOf } = this.#processes
    const manager = bookedAs(self, startTimeOf)
    if (manager === undefined) return
    const instances = [...this.#former, ...this.#own.values()]
    const text = formatPage({ bootId, manager, instances })
    try {
      ensureFolder(this.#folder)
      replaceStateFile(this.#file, text, 'private', this.#system, 'volatile')
    } catch (thrown) {
      this.#warn('not written', `it cannot be written (${toError(thrown).message})`, thrown)
    }
  }

  #read(): BookPage | undefined {
    try {
      const text = readStateFile(this.#file, 'private')
      // It is empty after a power cut, and nothing runs that was started before one.
      if (text === undefined || text === '') return undefined
      const page = parsePage(parseState(this.#file, text))
      if (page === undefined) throw refused(this.#file, 'it is not what a manager has written')
      return page
    } catch (thrown) {
      this.#warn('not read', toError(thrown).message, thrown)
      return undefined
    }
  }

  /** Two managers in one process know of each other only by what is booked. */
  #isInUse({ bootId, manager, instances }: BookPage): boolean {
    const { self, startTimeOf } = this.#processes
    if (bootId !== this.#processes.bootId || lives(manager, startTimeOf) !== true) return false
    return manager.pid !== self || instances.some((one) => lives(one, startTimeOf) === true)
  }

  /** Once for each reason: a full disk would be told with every instance. */
  #warn(reason: string, why: string, cause?: unknown): void {
    if (this.#warned.has(reason)) return
    this.#warned.add(reason)
    const so = 'a start after a crash of this manager does not know what still runs of it'
    this.#onWarning(refused(this.#file, `${why}; ${so}`, cause))
  }
}
