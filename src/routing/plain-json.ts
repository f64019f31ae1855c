/**
 * Whether JSON says a value as it is, which the usual body does: found out in one walk that takes no
 * memory. Anything doubtful counts as not plain; `body-to-json.ts` then looks at it properly, and
 * names what cannot be sent.
 */
import { limits } from '../limits.js'
import { tagKey } from './body-to-json.js'
import { isRecord } from './records.js'

/** Never throws: what throws when it is read is not plain. */
export function isPlainJson(value: unknown): boolean {
  try {
    return charsOf(value, 0) <= charsMax
  } catch {
    return false
  }
}

/** Beyond it one walk more is cheap beside the rest, and one of what never ends is not. */
const charsMax = 1024 * 1024

const notPlain = Number.POSITIVE_INFINITY

/** A lower bound of the JSON to come. Asked type by type, which costs less than naming the type does. */
function charsOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length + 1
  if (typeof value === 'number') {
    return Number.isFinite(value) && !Object.is(value, -0) ? 1 : notPlain
  }
  if (typeof value === 'boolean' || value === null) return 1
  return typeof value === 'object' ? charsWithin(value, depth + 1) : notPlain
}

function charsWithin(value: object, depth: number): number {
  // Cycles end here, too.
  if (depth > limits.bodyDepthMax) return notPlain
  if (isRecord(value)) return charsOfFields(value, depth)
  return Array.isArray(value) ? charsOfItems(value, depth) : notPlain
}

function charsOfItems(items: readonly unknown[], depth: number): number {
  let chars = 1
  for (let index = 0; index < items.length && chars <= charsMax; index += 1) {
    chars += charsOf(items[index], depth)
  }
  return chars
}

function charsOfFields(fields: Readonly<Record<string, unknown>>, depth: number): number {
  const prototype: unknown = Object.getPrototypeOf(fields)
  if (prototype !== Object.prototype && prototype !== null) return notPlain
  if (typeof fields.toJSON === 'function') return notPlain
  let chars = 1
  for (const key in fields) {
    if (key === tagKey) return notPlain
    chars += charsOf(fields[key], depth)
    if (chars > charsMax) return notPlain
  }
  return chars
}
