/** What a child remembers over its restarts, in its state folder. */
import { join } from 'node:path'
import type { MachinesError } from '../../../errors.js'
import { stateName } from '../../../link/identity-store.js'
import type { ResolvedChild } from '../../../options/resolved-options.js'
import type { System } from '../../../system/system.js'
import type { InstanceEvent } from '../../local/fleet-types.js'
import { EpochMarks } from './epoch-marks.js'
import { FormerInstances } from './former-instances.js'

export interface ChildMemory {
  /** Which start of each parent was here last. */
  readonly epochs: Pick<EpochMarks, 'of' | 'enter' | 'forget'>
  /** Resolves when nothing runs any more of a start that was killed; never before serving(). */
  readonly formerGone: Promise<void>
  /** Before the port is opened. Warnings are DM_STATE_DIR and DM_FORMER_INSTANCES. */
  open(onWarning: (error: MachinesError) => void): void
  /** The port is open, so no other start of this manager is alive. */
  serving(): void
  /** Something happened to an instance of this manager. */
  happened(event: InstanceEvent): void
  /** This manager stops, so `formerGone` resolves at once. */
  close(): void
}

export class StateFolderMemory implements ChildMemory {
  readonly epochs: EpochMarks
  readonly #former: FormerInstances
  #onWarning: (error: MachinesError) => void = () => {}

  /** Nothing is read or written yet. */
  constructor({ trust, host, port }: ResolvedChild, system: System) {
    // The folder that ChildLinks keeps the identity of this manager in.
    const folder = join(trust.stateDir, stateName('child', host, port))
    const onWarning = (error: MachinesError): void => this.#onWarning(error)
    this.epochs = new EpochMarks(folder, system, onWarning)
    this.#former = new FormerInstances(folder, system, onWarning)
  }

  get formerGone(): Promise<void> {
    return this.#former.gone
  }

  open(onWarning: (error: MachinesError) => void): void {
    this.#onWarning = onWarning
    this.epochs.open()
  }

  serving(): void {
    this.#former.open()
  }

  happened(event: InstanceEvent): void {
    this.#former.happened(event)
  }

  close(): void {
    this.#former.close()
  }
}
