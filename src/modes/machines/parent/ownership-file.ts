/**
 * The record of who may run what, in the state folder of the parent: written before a machine is
 * told anything new, read by the next start.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { MachinesError, toError } from '../../../errors.js'
import { limits } from '../../../limits.js'
import { isLatestEpoch } from '../../../link/epoch-store.js'
import {
  ensureFolder,
  parseState,
  refused,
  replaceStateFile,
} from '../../../link/identity-files.js'
import type { System } from '../../../system/system.js'
import { parseRecord } from './ownership/ownership-record.js'
import type { FormerRecord, OwnershipRecord } from './ownership/ownership-types.js'

const fileName = 'ownership.json'

/** What to do about a record that was not kept. */
export type KeepFault =
  | { readonly kind: 'superseded' }
  | { readonly kind: 'warning'; readonly error: MachinesError }

export class OwnershipFile {
  readonly #folder: string
  readonly #epoch: number
  readonly #system: System
  #hasWarned = false

  constructor(folder: string, epoch: number, system: System) {
    this.#folder = folder
    this.#epoch = epoch
    this.#system = system
  }

  get file(): string {
    return join(this.#folder, fileName)
  }

  /**
   * What the former start has left. Without a record: nothing where none came before, else unknown.
   * Throws DM_STATE_DIR for a file that makes no sense: the user has to look at it.
   */
  read(isFirst: boolean): FormerRecord {
    const text = this.#text()
    if (text === undefined) return isFirst ? 'nothing' : 'unknown'
    const record = parseRecord(parseState(this.file, text))
    if (record === undefined) throw refused(this.file, 'it holds no record of shards; remove it')
    return Object.keys(record.machines).length === 0 ? 'nothing' : record
  }

  /** False once a later start has begun on this folder; one that cannot be read says nothing. */
  get isLatest(): boolean {
    return isLatestEpoch(this.#folder, this.#epoch)
  }

  /** Keeps it in place of the last one, unless a later start has taken over. */
  keep({ machines }: OwnershipRecord): KeepFault | undefined {
    if (!this.isLatest) return { kind: 'superseded' }
    try {
      ensureFolder(this.#folder)
      const text = `${JSON.stringify({ epoch: this.#epoch, machines }, null, 2)}\n`
      replaceStateFile(this.file, text, 'private', this.#system)
      this.#hasWarned = false
      return undefined
    } catch (thrown) {
      if (this.#hasWarned) return undefined
      this.#hasWarned = true
      return { kind: 'warning', error: notKept(this.file, thrown) }
    }
  }

  #text(): string | undefined {
    try {
      if (statSync(this.file).size > limits.ownershipFileBytesMax) {
        throw refused(this.file, `it has more than ${limits.ownershipFileBytesMax} bytes`)
      }
      return readFileSync(this.file, 'utf8')
    } catch (thrown) {
      if (thrown instanceof MachinesError) throw thrown
      const error = toError(thrown)
      // A folder that is none is told of where something is to be kept.
      if ('code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined
      throw refused(this.file, `it cannot be read: ${error.message}`, thrown)
    }
  }
}

function notKept(file: string, thrown: unknown): MachinesError {
  const why = `where shards run cannot be kept (${toError(thrown).message})`
  const so = 'a parent that is started anew knows of nothing that was moved'
  return refused(file, `${why}; ${so}`, thrown)
}
