/** What a killed start of this manager may have left running, and the book by which that is known. */
import type { MachinesError } from '../../../errors.js'
import type { Cancel, System } from '../../../system/system.js'
import type { InstanceEvent } from '../../local/fleet-types.js'
import { FormerWatch } from './former-watch.js'
import { InstanceBook } from './instance-book.js'
import { type MachineProcesses, realProcesses } from './machine-processes.js'

const lookEveryMs = 50

export class FormerInstances {
  /** Resolves when no instance of a former start runs any more, or close() was called. */
  readonly gone: Promise<void>
  readonly #book: InstanceBook
  readonly #system: System
  readonly #processes: MachineProcesses
  readonly #onWarning: (error: MachinesError) => void
  #resolve: () => void = () => {}
  #cancelLook: Cancel = () => {}

  /** `folder`: the state folder of this manager alone. Nothing is read or written yet. */
  constructor(
    folder: string,
    system: System,
    onWarning: (error: MachinesError) => void,
    processes: MachineProcesses = realProcesses,
  ) {
    this.#book = new InstanceBook(folder, system, processes, onWarning)
    this.#system = system
    this.#processes = processes
    this.#onWarning = onWarning
    this.gone = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /**
   * Begins to wait for what the book names. To be called once this manager has its port: a second
   * start beside one that lives has none, and must not touch anything.
   */
  open(): void {
    const watch = new FormerWatch(this.#book.open(), this.#system.now())
    const look = (): void => {
      const { kill, warnings, isOver } = watch.look(this.#system.now(), this.#processes.startTimeOf)
      for (const warning of warnings) this.#onWarning(warning)
      for (const pid of kill) this.#processes.kill(pid)
      if (isOver) this.#over()
      else this.#cancelLook = this.#system.setTimer(lookEveryMs, look)
    }
    look()
  }

  /** Something happened to an instance of this manager. */
  happened(event: InstanceEvent): void {
    this.#book.happened(event)
  }

  /** Waits no longer: this manager stops. What is left stays in the book. */
  close(): void {
    this.#cancelLook()
    this.#resolve()
  }

  #over(): void {
    this.#book.formerGone()
    this.#resolve()
  }
}
