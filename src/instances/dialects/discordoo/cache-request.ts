/**
 * CACHE_OPERATE: what a bot asks of the caches of others, checked by hand, and what an instance is
 * asked in its place. Pure.
 */
import { MachinesError } from '../../../errors.js'
import type { Fields } from './packets.js'

/** `d.op` of a CACHE_OPERATE. */
const CacheOp = {
  GET: 0,
  SET: 1,
  DELETE: 2,
  FOREACH: 3,
  SIZE: 4,
  HAS: 5,
  SWEEP: 6,
  FILTER: 7,
  MAP: 8,
  FIND: 9,
  CLEAR: 10,
  COUNT: 11,
  COUNTS: 12,
  KEYS: 13,
  VALUES: 14,
  ENTRIES: 15,
} as const

/** `d.serialize`: how the results of several instances become one. */
export const SerializeMode = { BOOLEAN: 0, ARRAY: 1, NUMBER: 2, ANY: 3, NUMBERS_ARRAY: 4 } as const

/** A request that an instance can be asked without harm. */
export interface CacheRequest {
  readonly op: number
  /** Undefined: the bot wants a plain list of results. */
  readonly serialize: number | undefined
  /** The members of `d` that discordoo knows, `event_id` and `shards` apart. */
  readonly fields: Fields
}

const withScript: ReadonlySet<number> = new Set([
  CacheOp.FOREACH,
  CacheOp.SWEEP,
  CacheOp.FILTER,
  CacheOp.MAP,
  CacheOp.FIND,
  CacheOp.COUNT,
])

/** The rest of the fields is passed on as it is, where it was given. */
const otherFields = ['entity_key', 'key', 'value', 'policy', 'script', 'scripts', 'serialize']

const highestOp = CacheOp.ENTRIES

/**
 * Reads `d` of a request, or the same fields from another machine. An operation that discordoo does
 * not know, or Counts without scripts, ends the instance that gets it.
 *
 * Throws DM_BODY_INVALID that names the field.
 */
export function readCacheRequest(given: Fields): CacheRequest {
  const { op, keyspace, storage, serialize } = given
  if (typeof op !== 'number' || !Number.isInteger(op) || op < 0 || op > highestOp) {
    throw invalid('op')
  }
  if (typeof keyspace !== 'string') throw invalid('keyspace')
  if (typeof storage !== 'string') throw invalid('storage')
  if (withScript.has(op) && typeof given.script !== 'string') throw invalid('script')
  if (op === CacheOp.COUNTS && !isTexts(given.scripts)) throw invalid('scripts')
  const fields: Record<string, unknown> = { op, keyspace, storage }
  for (const name of otherFields) if (given[name] !== undefined) fields[name] = given[name]
  return { op, serialize: typeof serialize === 'number' ? serialize : undefined, fields }
}

/** Whether the request holds code of a bot; Keys, Values and Entries bring none. */
export function hasScript(op: number): boolean {
  return withScript.has(op) || op === CacheOp.COUNTS
}

/** Keys, Values and Entries as scripts for Map. */
const scriptFor: ReadonlyMap<number, string> = new Map<number, string>([
  [CacheOp.KEYS, '((value, key) => key)'],
  [CacheOp.VALUES, '((value) => value)'],
  [CacheOp.ENTRIES, '((value, key) => [key, value])'],
])

/**
 * The packet's fields for an instance of 0.12.5, which crashes on Keys, Values and Entries, and
 * answers Count with nothing: Map and Counts give the same.
 */
export function fieldsForInstance({ op, fields }: CacheRequest): Fields {
  const script = scriptFor.get(op)
  if (script !== undefined) {
    return { ...fields, op: CacheOp.MAP, script, serialize: SerializeMode.ARRAY }
  }
  if (op !== CacheOp.COUNT) return fields
  const { script: counted, ...others } = fields
  const serialize = SerializeMode.NUMBERS_ARRAY
  return { ...others, op: CacheOp.COUNTS, scripts: [counted], serialize }
}

/** The result of an instance as the one that was asked for. */
export function resultForAsker(op: number, result: unknown): unknown {
  if (op === CacheOp.COUNT) return Array.isArray(result) ? result[0] : undefined
  // The instance answers with a dump of its whole cache manager; that it worked is all that counts.
  return op === CacheOp.SET ? true : result
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}

function invalid(name: string): MachinesError {
  const message = `a cache operation: ${name} is missing or not what discordoo knows`
  return new MachinesError('DM_BODY_INVALID', message)
}
