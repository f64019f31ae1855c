/**
 * Shard lists in the forms that users write, and their way to ranges and back.
 *
 * A list is spelled out only after its size is known: `{ from: 0, to: 2 ** 40 }` is a typing error
 * that has to fail at once, not a request for terabytes. So what a user gave is first checked into a
 * {@link ShardSelection}, which takes no more memory than the input itself.
 */
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import type { ShardRanges } from './plan-types.js'
import type { ShardRange } from './shard-range.js'

/** Checked shards that are not spelled out yet: a range, or ids in the order the user gave them. */
export type ShardSelection = ShardRange | readonly number[]

const allowedForms = `a number of shards, an array of shard ids, or { from, to } with both ends \
included; ids from 0 to ${limits.shardsMax - 1}`

/**
 * Checks a shard option without spelling it out.
 *
 * Shape: a number n (or a numeric string, as discordoo takes) means 0..n-1; an array is taken as it
 * is; `{ from, to }` includes both ends. Throws DM_SHARDS_INVALID, with `path` naming the option,
 * for anything else, for an empty list, for an id that is listed twice, and beyond `shardsMax`.
 */
export function selectShards(input: unknown, path: string): ShardSelection {
  if (typeof input === 'number') return firstShards(input, String(input), path)
  if (typeof input === 'string') {
    const count = /^\d{1,15}$/.test(input) ? Number(input) : Number.NaN
    return firstShards(count, JSON.stringify(input.slice(0, 40)), path)
  }
  if (Array.isArray(input)) return checkedIds(input, path)
  if (typeof input === 'object' && input !== null) return checkedRange(input, path)
  throw invalid(path, 'it is none of these', input === null ? 'null' : typeof input)
}

/** How many shards a selection has, without spelling it out. */
export function sizeOf(selection: ShardSelection): number {
  return 'from' in selection ? selection.to - selection.from + 1 : selection.length
}

/** Spells a selection out, in the order of the user's list. Size: at most `shardsMax` ids. */
export function spellOut(selection: ShardSelection): readonly number[] {
  return 'from' in selection ? rangesToList([selection]) : selection
}

/** A selection as ranges. */
export function selectionToRanges(selection: ShardSelection): ShardRanges {
  return 'from' in selection ? [selection] : listToRanges(selection)
}

/** Checks a shard option and spells it out: {@link selectShards}, then {@link spellOut}. */
export function resolveShardList(input: unknown, path: string): readonly number[] {
  return spellOut(selectShards(input, path))
}

/** Shard ids in any order as ascending ranges that neither overlap nor touch; doubles collapse. */
export function listToRanges(list: readonly number[]): ShardRanges {
  // Most calls go to one instance, and this is asked for each of them.
  if (list.length < 2) return list.map((shard) => ({ from: shard, to: shard }))
  const ranges: { from: number; to: number }[] = []
  let last: { from: number; to: number } | undefined
  for (const shard of Float64Array.from(list).toSorted()) {
    if (last !== undefined && shard <= last.to + 1) {
      last.to = shard
    } else {
      last = { from: shard, to: shard }
      ranges.push(last)
    }
  }
  return ranges
}

/** Shard ids in any order as a text, `0-31,40`; none: an empty one. */
export function formatShards(list: readonly number[]): string {
  return formatRanges(listToRanges(list))
}

/** Ranges spelled out. Throws DM_SHARDS_INVALID before it allocates more than `shardsMax` ids. */
export function rangesToList(ranges: ShardRanges): readonly number[] {
  let count = 0
  for (const range of ranges) {
    if (!isShardId(range.from) || !isShardId(range.to) || range.from > range.to) {
      throw invalid('shards', 'a range must ascend', `${range.from}-${range.to}`)
    }
    count += range.to - range.from + 1
  }
  if (count > limits.shardsMax) throw invalid('shards', 'too many shards', `${count} shards`)
  const [first] = ranges
  if (count === 1 && first !== undefined) return [first.from]
  const list: number[] = []
  for (const { from, to } of ranges) {
    for (let shard = from; shard <= to; shard += 1) list.push(shard)
  }
  return list
}

/** Ranges as text for people and for the wire: `0-31,40`. No ranges give an empty text. */
export function formatRanges(ranges: ShardRanges): string {
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
}

// The longest list that can be meant has every second shard: six digits and a comma each.
const rangesTextMax = (limits.shardsMax / 2) * 7

/**
 * Reads what {@link formatRanges} writes, and nothing else: ascending ranges that neither overlap
 * nor touch, no spaces, no leading zeros. Throws DM_SHARDS_INVALID; the text is measured first.
 */
export function parseRanges(text: string, path = 'shards'): ShardRanges {
  if (text === '') return []
  if (text.length > rangesTextMax) throw invalid(path, 'too long', `${text.length} characters`)
  let end = -2
  return text.split(',').map((part) => {
    const [, from, to] = /^(0|[1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/.exec(part) ?? []
    const range = { from: Number(from), to: Number(to ?? from) }
    const ascends = range.from > end + 1 && (to === undefined || range.from < range.to)
    if (!ascends || !isShardId(range.to)) {
      throw invalid(path, 'not ascending ranges as 0-31,40', JSON.stringify(part.slice(0, 40)))
    }
    end = range.to
    return range
  })
}

function firstShards(count: number, given: string, path: string): ShardSelection {
  if (Number.isInteger(count) && count >= 1 && count <= limits.shardsMax) {
    return { from: 0, to: count - 1 }
  }
  throw invalid(path, `a number of shards goes from 1 to ${limits.shardsMax}`, given)
}

function checkedIds(input: readonly unknown[], path: string): readonly number[] {
  if (input.length === 0) throw invalid(path, 'the list is empty', '[]')
  if (input.length > limits.shardsMax) {
    throw invalid(path, 'the list is too long', `${input.length} ids`)
  }
  const seen = new Set<number>()
  // Not forEach: it would step over the holes of a sparse array.
  for (const [position, id] of input.entries()) {
    if (!isShardId(id)) {
      const given = typeof id === 'number' ? String(id) : typeof id
      throw invalid(`${path}[${position}]`, 'not a shard id', given)
    }
    if (seen.has(id)) throw invalid(`${path}[${position}]`, 'the id is listed twice', String(id))
    seen.add(id)
  }
  return [...seen]
}

function checkedRange(input: object, path: string): ShardRange {
  const stranger = Object.keys(input).find((key) => key !== 'from' && key !== 'to')
  if (stranger !== undefined) {
    throw invalid(path, 'a range has no other members', `a member ${JSON.stringify(stranger)}`)
  }
  const { from, to } = Object.fromEntries(Object.entries(input))
  if (!isShardId(from)) throw invalid(`${path}.from`, 'not a shard id', shown(from))
  if (!isShardId(to)) throw invalid(`${path}.to`, 'not a shard id', shown(to))
  if (from > to) throw invalid(path, 'from is greater than to', `from ${from}, to ${to}`)
  return { from, to }
}

function isShardId(value: unknown): value is number {
  return (
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < limits.shardsMax
  )
}

function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : typeof value
}

function invalid(path: string, problem: string, given: string): MachinesError {
  const message = `${path}: expected ${allowedForms}; ${problem}, got ${given}`
  return new MachinesError('DM_SHARDS_INVALID', message, { path, given, allowed: allowedForms })
}
