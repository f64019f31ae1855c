/**
 * The answers of several instances to one cache operation, as one. Pure.
 *
 * discordoo asks an instance once for each of its shards, and so counts and lists what it holds as
 * often. Here every instance is asked once, and the same merge gives the right numbers.
 */
import { isRecord } from '../../../routing/records.js'
import { SerializeMode } from './cache-request.js'

/** What an instance answered. */
export interface CacheAnswer {
  readonly success: boolean
  readonly result: unknown
}

export interface MergedCache {
  readonly success: boolean
  readonly result: unknown
  /** Whatever the others might have added, it would be the same. */
  readonly isFinal: boolean
}

/** The answer of an instance from another dialect; what makes no sense counts as no success. */
export function readCacheAnswer(value: unknown): CacheAnswer {
  if (!isRecord(value) || value.success !== true) return { success: false, result: undefined }
  return { success: true, result: value.result }
}

/** Failed operations add nothing; it is a success when any of them is. */
export function mergeCache(
  serialize: number | undefined,
  answers: readonly CacheAnswer[],
): MergedCache {
  const results = answers.filter(({ success }) => success).map(({ result }) => result)
  const success = results.length > 0
  const result = merged(serialize, results.filter(isSomething))
  const isFound = serialize === SerializeMode.ANY && result !== undefined
  const isTrue = serialize === SerializeMode.BOOLEAN && result === true
  return { success, result, isFinal: isFound || isTrue }
}

/** discordoo drops these before it merges. */
function isSomething(result: unknown): boolean {
  return result !== undefined && result !== null && result !== false && result !== 0
}

function merged(serialize: number | undefined, results: readonly unknown[]): unknown {
  switch (serialize) {
    case SerializeMode.ANY:
      return results[0]
    case SerializeMode.ARRAY:
      return results.flat(1)
    case SerializeMode.NUMBER:
      return results.reduce<number>((sum, result) => sum + numberOf(result), 0)
    case SerializeMode.BOOLEAN:
      return results.includes(true)
    case SerializeMode.NUMBERS_ARRAY:
      return columnSums(results)
    default:
      return results
  }
}

function columnSums(results: readonly unknown[]): number[] {
  const sums: number[] = []
  for (const result of results) {
    if (!Array.isArray(result)) continue
    for (const [column, number] of result.entries()) {
      sums[column] = (sums[column] ?? 0) + numberOf(number)
    }
  }
  return sums
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
