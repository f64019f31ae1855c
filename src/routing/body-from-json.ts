/**
 * The way back from tagged JSON (see body-to-json). It knows a fixed list of types, calls nothing that
 * the data names, and changes only properties that JSON.parse made, so no prototype is touched.
 */
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import { tagKey } from './body-to-json.js'
import { isRecord } from './records.js'

type Json = unknown

/** Replaces every `$dm` object in a parsed tree, in place; throws DM_BODY_INVALID or a TypeError. */
export function fromTagged(node: Json): unknown {
  if (Array.isArray(node)) {
    for (let index = 0; index < node.length; index += 1) node[index] = fromTagged(node[index])
    return node
  }
  if (!isRecord(node)) return node
  if (Object.hasOwn(node, tagKey)) return revive(node)
  for (const key of Object.keys(node)) {
    // An own `__proto__`, as JSON.parse makes it, is a plain property and is assigned as such.
    node[key] = fromTagged(node[key])
  }
  return node
}

function invalid(why: string): MachinesError {
  return new MachinesError('DM_BODY_INVALID', `a body cannot be decoded: ${why}`)
}

type Reviver = (content: readonly Json[]) => unknown

const revivers: ReadonlyMap<unknown, Reviver> = new Map<unknown, Reviver>([
  ['undefined', () => undefined],
  ['number', ([, name]) => specialNumber(name)],
  ['bigint', ([, digits]) => bigint(digits)],
  ['date', ([, ms]) => date(ms)],
  ['regexp', ([, source, flags]) => new RegExp(string(source), string(flags))],
  ['map', ([, list]) => new Map(entries(list))],
  ['set', ([, list]) => new Set(array(list).map(fromTagged))],
  ['bytes', ([, name, base64]) => bytes(name, string(base64))],
  ['error', ([, facts]) => error(facts)],
  ['object', ([, list]) => Object.fromEntries(namedEntries(list))],
])

function revive(node: Record<string, Json>): unknown {
  const content = array(node[tagKey])
  if (Object.keys(node).length !== 1) throw invalid('a tag among other keys')
  const reviver = revivers.get(content[0])
  if (reviver === undefined) throw invalid('an unknown tag')
  return reviver(content)
}

function array(node: Json): Json[] {
  if (!Array.isArray(node)) throw invalid('no list where one belongs')
  return node
}

function string(node: Json): string {
  if (typeof node !== 'string') throw invalid('no text where one belongs')
  return node
}

function entries(node: Json): [unknown, unknown][] {
  return array(node).map((entry) => {
    const pair = array(entry)
    if (pair.length !== 2) throw invalid('an entry that is not a pair')
    return [fromTagged(pair[0]), fromTagged(pair[1])]
  })
}

function namedEntries(node: Json): [string, unknown][] {
  return entries(node).map(([key, value]) => [string(key), value])
}

function specialNumber(name: Json): number {
  if (name === '-0') return -0
  if (name === 'NaN') return Number.NaN
  if (name === 'Infinity') return Number.POSITIVE_INFINITY
  if (name === '-Infinity') return Number.NEGATIVE_INFINITY
  throw invalid('an unknown number')
}

function bigint(digits: Json): bigint {
  const given = string(digits)
  if (given.length > limits.bodyBigintDigitsMax || !/^-?\d+$/.test(given)) {
    throw invalid('a BigInt that is none')
  }
  return BigInt(given)
}

function date(ms: Json): Date {
  if (ms !== null && typeof ms !== 'number') throw invalid('a date that is none')
  return new Date(ms ?? Number.NaN)
}

type ViewMaker = (buffer: ArrayBuffer) => unknown

const views: ReadonlyMap<unknown, ViewMaker> = new Map<unknown, ViewMaker>([
  ['Buffer', (buffer) => Buffer.from(buffer)],
  ['ArrayBuffer', (buffer) => buffer],
  ['DataView', (buffer) => new DataView(buffer)],
  ['Int8Array', (buffer) => new Int8Array(buffer)],
  ['Uint8Array', (buffer) => new Uint8Array(buffer)],
  ['Uint8ClampedArray', (buffer) => new Uint8ClampedArray(buffer)],
  ['Int16Array', (buffer) => new Int16Array(buffer)],
  ['Uint16Array', (buffer) => new Uint16Array(buffer)],
  ['Int32Array', (buffer) => new Int32Array(buffer)],
  ['Uint32Array', (buffer) => new Uint32Array(buffer)],
  ['Float32Array', (buffer) => new Float32Array(buffer)],
  ['Float64Array', (buffer) => new Float64Array(buffer)],
  ['BigInt64Array', (buffer) => new BigInt64Array(buffer)],
  ['BigUint64Array', (buffer) => new BigUint64Array(buffer)],
])

function bytes(name: Json, base64: string): unknown {
  const view = views.get(name)
  if (view === undefined) throw invalid('bytes of an unknown class')
  // A copy with a buffer of its own: small Buffers share one with strangers.
  return view(new Uint8Array(Buffer.from(base64, 'base64')).buffer)
}

function error(node: Json): Error {
  if (!isRecord(node)) throw invalid('an error that is none')
  const facts = new Map(namedEntries(Object.entries(node)))
  const rebuilt = new Error(string(facts.get('message')))
  const hidden = { configurable: true, writable: true, enumerable: false }
  for (const [key, value] of facts) {
    // name, message, stack and cause are not enumerable on errors that were thrown here either.
    const own = key === 'name' || key === 'message' || key === 'stack' || key === 'cause'
    Object.defineProperty(rebuilt, key, { ...hidden, enumerable: !own, value })
  }
  if (!facts.has('stack')) Object.defineProperty(rebuilt, 'stack', { ...hidden, value: undefined })
  return rebuilt
}
