/**
 * The state folder of a parent on a virtual disk: its epochs, and the record of who may run what. It
 * does what `epoch-store.ts` and `ownership-file.ts` do with files.
 */
import { nextEpoch } from '../../../src/link/epoch.js'
import { parseRecord } from '../../../src/modes/machines/parent/ownership/ownership-record.js'
import type {
  FormerRecord,
  OwnershipRecord,
} from '../../../src/modes/machines/parent/ownership/ownership-types.js'
import type { KeepFault } from '../../../src/modes/machines/parent/ownership-file.js'

export class ParentDisk {
  readonly #disk: Map<string, string>
  #epoch = 0
  #former: FormerRecord = 'unknown'

  constructor(disk: Map<string, string>) {
    this.#disk = disk
  }

  get former(): FormerRecord {
    return this.#former
  }

  /** Takes the epoch of a start, and reads what the former one has left. */
  open(wallClock: number): number {
    const stored = this.#disk.get('epoch')
    this.#epoch = nextEpoch(stored === undefined ? undefined : Number(stored), wallClock) ?? 0
    this.#disk.set('epoch', String(this.#epoch))
    const text = this.#disk.get('record')
    if (text === undefined) this.#former = stored === undefined ? 'nothing' : 'unknown'
    else this.#former = formerOf(text)
    return this.#epoch
  }

  get isLatest(): boolean {
    return Number(this.#disk.get('epoch')) <= this.#epoch
  }

  keep({ machines }: OwnershipRecord): KeepFault | undefined {
    if (!this.isLatest) return { kind: 'superseded' }
    this.#disk.set('record', JSON.stringify({ epoch: this.#epoch, machines }))
    return undefined
  }
}

function formerOf(text: string): FormerRecord {
  const record = parseRecord(JSON.parse(text))
  if (record === undefined) throw new Error(`the record makes no sense: ${text}`)
  return Object.keys(record.machines).length === 0 ? 'nothing' : record
}
