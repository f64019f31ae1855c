/**
 * Who will be asked, as an asker hears it from its router: bodies of EXPECT, checked and spelled out.
 * Most calls have the targets of earlier ones, so what was spelled out is kept for a while.
 */
import type { ShardRanges } from '../allocator/plan-types.js'
import { parseRanges, rangesToList } from '../allocator/shard-lists.js'
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import { decodeBody } from './body-codec.js'
import type { InstanceName } from './outcome.js'
import { isRecord } from './records.js'

/** In the order in which outcomes will stand. */
export type Names = ReadonlyMap<number, InstanceName>

/** Enough for a bot that asks each of its instances in turn; beyond it all are forgotten. */
const keptMax = 256
/** Of all bodies that are kept, counted as they came. */
const keptBytesMax = 256 * 1024

export class KnownNames {
  readonly #kept = new Map<string, Names>()
  #keptBytes = 0

  /** Throws DM_BODY_INVALID. */
  read(body: Uint8Array): Names {
    if (body.length > keptBytesMax) return decodeNames(body)
    const key = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1')
    const known = this.#kept.get(key)
    if (known !== undefined) return known
    const names = decodeNames(body)
    this.#keep(key, names)
    return names
  }

  #keep(key: string, names: Names): void {
    if (this.#kept.size >= keptMax || this.#keptBytes + key.length > keptBytesMax) {
      this.#kept.clear()
      this.#keptBytes = 0
    }
    this.#kept.set(key, names)
    this.#keptBytes += key.length
  }
}

/** Checks and spells out one body of EXPECT; throws DM_BODY_INVALID and nothing else. */
export function decodeNames(body: Uint8Array): Names {
  const list = decodeBody(body)
  if (!Array.isArray(list)) throw invalid('no list of names')
  let shardsLeft = limits.shardsMax
  const names = list.map((wire: unknown) => {
    const { instance, machine, shards } = isRecord(wire) ? wire : {}
    if (typeof instance !== 'number' || typeof machine !== 'string' || typeof shards !== 'string') {
      throw invalid('a name without instance, machine or shards')
    }
    const ranges = checkedRanges(shards)
    shardsLeft -= ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0)
    // No shard has two instances, so all of them together have no more than there may be.
    if (shardsLeft < 0) throw invalid(`more than ${limits.shardsMax} shards`)
    // Frozen, as all outcomes of this instance share it.
    return { instance, machine, shards: Object.freeze(rangesToList(ranges)) }
  })
  names.sort((a, b) => a.instance - b.instance)
  return new Map(names.map((name) => [name.instance, name]))
}

function checkedRanges(shards: string): ShardRanges {
  try {
    return parseRanges(shards)
  } catch {
    throw invalid('shards that are none')
  }
}

function invalid(why: string): MachinesError {
  return new MachinesError('DM_BODY_INVALID', `a report of the router cannot be read: ${why}`)
}
