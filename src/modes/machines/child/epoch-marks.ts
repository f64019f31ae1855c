/**
 * The highest epoch of each parent that this child has let in, in its state folder: an older start of
 * a parent stays outside after a restart of the child too.
 */
import { join } from 'node:path'
import { type MachinesError, toError } from '../../../errors.js'
import { limits } from '../../../limits.js'
import { epochMax } from '../../../link/epoch.js'
import { publicKeyBytes } from '../../../link/identity.js'
import {
  ensureFolder,
  flushFolder,
  parseState,
  readStateFile,
  refused,
  replaceStateFile,
} from '../../../link/identity-files.js'
import type { System } from '../../../system/system.js'

const about =
  'The last start of each parent that was here; an earlier one is refused (DM_EPOCH_OLD).'

export class EpochMarks {
  readonly #folder: string
  readonly #file: string
  readonly #system: System
  readonly #onWarning: (error: MachinesError) => void
  /** By key, base64; whoever came last stands last. */
  #marks = new Map<string, number>()
  #hasWarned = false

  /** `folder`: the state folder of this manager alone. Nothing is read or written yet. */
  constructor(folder: string, system: System, onWarning: (error: MachinesError) => void) {
    this.#folder = folder
    this.#file = join(folder, 'parent-epochs.json')
    this.#system = system
    this.#onWarning = onWarning
  }

  /** Reads the file, before the first parent can come. One that cannot be read counts as none. */
  open(): void {
    try {
      const text = readStateFile(this.#file, 'private')
      if (text !== undefined) this.#marks = marksOf(this.#file, text)
    } catch (thrown) {
      this.#onWarning(unread(this.#file, thrown))
    }
  }

  /** The highest epoch that this parent has come with; undefined: it was never here. */
  of(parent: string): number | undefined {
    return this.#marks.get(parent)
  }

  /** This parent was let in. On disk when it returns, unless a warning (DM_STATE_DIR) said otherwise. */
  enter(parent: string, epoch: number): void {
    const former = this.#marks.get(parent)
    if (former !== undefined && former >= epoch) return
    this.#marks.delete(parent)
    this.#marks.set(parent, epoch)
    const [oldest] = this.#marks.keys()
    if (oldest !== undefined && this.#marks.size > limits.epochMarksKept) this.#marks.delete(oldest)
    this.#write()
  }

  /** Forgets all of them; false: there were none. */
  forget(): boolean {
    if (this.#marks.size === 0) return false
    this.#marks.clear()
    this.#write()
    return true
  }

  #write(): void {
    const text = `${JSON.stringify({ about, epochs: Object.fromEntries(this.#marks) }, null, 2)}\n`
    try {
      ensureFolder(this.#folder)
      replaceStateFile(this.#file, text, 'private', this.#system)
      flushFolder(this.#folder)
    } catch (thrown) {
      if (this.#hasWarned) return
      this.#hasWarned = true
      this.#onWarning(unwritten(this.#file, thrown))
    }
  }
}

function marksOf(file: string, text: string): Map<string, number> {
  const { epochs } = parseState(file, text)
  if (typeof epochs !== 'object' || epochs === null) throw refused(file, 'it holds no epochs')
  const marks = new Map<string, number>()
  for (const [key, epoch] of Object.entries(epochs).slice(-limits.epochMarksKept)) {
    const isKey = Buffer.from(key, 'base64').length === publicKeyBytes
    const isEpoch = Number.isSafeInteger(epoch) && epoch >= 0 && epoch <= epochMax
    if (!isKey || !isEpoch) throw refused(file, 'it holds something else than epochs of parents')
    marks.set(key, epoch)
  }
  return marks
}

function unread(file: string, thrown: unknown): MachinesError {
  const why = `the epochs of parents cannot be read (${toError(thrown).message})`
  return refused(file, `${why}; until one has come, an earlier start of it is let in too`, thrown)
}

function unwritten(file: string, thrown: unknown): MachinesError {
  const why = `the epochs of parents cannot be written (${toError(thrown).message})`
  return refused(file, `${why}; a restart of this child lets an earlier start of one in`, thrown)
}
