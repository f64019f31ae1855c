/**
 * Bodies: values of bots as bytes, readable in any language, and no code is built from them.
 *
 * One tag byte, then:
 *
 * ```
 * 0 undefined     nothing
 * 1 JSON          utf-8; the value is plain JSON
 * 2 tagged JSON   utf-8; what JSON cannot say stands as { "$dm": [type, ...] }, see body-to-json
 * 3 Uint8Array    the bytes
 * 4 text          utf-8; a string without quotes and escapes
 * 5 Buffer        the bytes
 * ```
 *
 * What comes back: the same plain values, undefined, BigInt, Date, Map, Set, RegExp, NaN, infinities,
 * -0, typed arrays and ArrayBuffer; a Buffer as a Buffer, an Error as an Error with its name, code,
 * stack and cause. Instances of classes travel as JSON sends them: `toJSON()`, else their own
 * properties. Functions, symbols, promises and cycles are refused by name instead of vanishing.
 */
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import { fromTagged } from './body-from-json.js'
import { toTagged } from './body-to-json.js'
import { isDeeperText, isDeeperValue } from './json-depth.js'
import { isPlainJson } from './plain-json.js'
import { shortCharsMax, shortText } from './text-board.js'

const Tag = { UNDEFINED: 0, JSON: 1, TAGGED: 2, BYTES: 3, TEXT: 4, BUFFER: 5 } as const

/** One level of a value is at most four of tagged JSON, an entry of a Map; a BigInt in it adds two. */
const taggedDepthMax = limits.bodyDepthMax * 4 + 2

/**
 * Where longer texts become bytes, which are then copied: with room for whatever the text may hold,
 * nobody has to go over it to count them first.
 */
const scratch: Buffer = Buffer.allocUnsafeSlow(256 * 1024)
const utf8BytesPerCharMax = 3
const scratchCharsMax = Math.floor(scratch.length / utf8BytesPerCharMax)

const loneSurrogate = /\p{Surrogate}/u
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A value as a body. `root` is how the value is called in errors, as `result` in
 * `result.guilds[3].client: a function`.
 *
 * Throws DM_BODY_UNSUPPORTED, or DM_BODY_TOO_LARGE above limits.bodyBytesMax.
 */
export function encodeBody(value: unknown, root: string): Uint8Array {
  if (value === undefined) return Uint8Array.of(Tag.UNDEFINED)
  if (typeof value === 'string' && !loneSurrogate.test(value)) return text(Tag.TEXT, value, root)
  if (value instanceof Uint8Array) {
    if (Buffer.isBuffer(value)) return raw(Tag.BUFFER, value, root)
    if (value.constructor === Uint8Array) return raw(Tag.BYTES, value, root)
  }
  if (isPlainJson(value)) return text(Tag.JSON, JSON.stringify(value), root)
  const tree = toTagged(value, root)
  return text(tree.tagged ? Tag.TAGGED : Tag.JSON, JSON.stringify(tree.value), root)
}

/**
 * A value as it looks after a journey as JSON: a Date is text, a Map is `{}`, functions are gone.
 * For bots that know no other way. Throws as {@link encodeBody}, also for what JSON refuses: a
 * cycle, a BigInt.
 */
export function encodeJsonBody(value: unknown, root: string): Uint8Array {
  if (value === undefined || typeof value === 'string') return encodeBody(value, root)
  const json = stringify(value, root)
  if (json === undefined) return Uint8Array.of(Tag.UNDEFINED)
  const body = text(Tag.JSON, json, root)
  if (isDeeperText(body.subarray(1), limits.bodyDepthMax)) {
    throw unsupported(`a value nested deeper than ${limits.bodyDepthMax} cannot be sent`, root)
  }
  return body
}

/** Undefined for functions and symbols, and where a `toJSON` says so. */
function stringify(value: unknown, root: string): string | undefined {
  let chars = 0
  /** Counts a lower bound of the text to come, so that what cannot fit is not built first. */
  const counted = (_key: string, item: unknown) => {
    chars += typeof item === 'string' ? item.length + 1 : 1
    checkSize(chars, root)
    return item
  }
  try {
    return JSON.stringify(value, counted)
  } catch (cause) {
    if (cause instanceof MachinesError) throw cause
    const why = cause instanceof Error ? cause.message : 'it throws when it is read'
    throw unsupported(`it cannot be sent as JSON: ${why}`, root, cause)
  }
}

/** The value of a body; throws DM_BODY_INVALID and nothing else. */
export function decodeBody(body: Uint8Array): unknown {
  try {
    return decode(body)
  } catch (error) {
    if (error instanceof MachinesError) throw error
    throw new MachinesError('DM_BODY_INVALID', 'a body cannot be decoded', { cause: error })
  }
}

function decode(body: Uint8Array): unknown {
  if (body.length > limits.bodyBytesMax + 1) throw invalid(`${body.length} bytes are too many`)
  switch (body[0]) {
    case Tag.UNDEFINED:
      if (body.length > 1) throw invalid('undefined with bytes after it')
      return undefined
    case Tag.JSON:
      return parse(body, limits.bodyDepthMax)
    case Tag.TAGGED:
      return fromTagged(parse(body, taggedDepthMax))
    case Tag.BYTES:
      return new Uint8Array(body.subarray(1))
    case Tag.TEXT:
      return textIn(body)
    case Tag.BUFFER:
      return Buffer.from(body.subarray(1))
    default:
      throw invalid(`unknown tag ${body[0]}`)
  }
}

function unsupported(why: string, root: string, cause?: unknown): MachinesError {
  const details = cause === undefined ? { path: root } : { path: root, cause }
  return new MachinesError('DM_BODY_UNSUPPORTED', `${root}: ${why}`, details)
}

function invalid(why: string): MachinesError {
  return new MachinesError('DM_BODY_INVALID', `a body cannot be decoded: ${why}`)
}

function text(tag: number, content: string, root: string): Uint8Array {
  if (content.length <= shortCharsMax) return shortText(tag, content)
  if (content.length <= scratchCharsMax) {
    return raw(tag, scratch.subarray(0, scratch.write(content)), root)
  }
  const length = Buffer.byteLength(content)
  checkSize(length, root)
  const body = Buffer.allocUnsafe(1 + length)
  body[0] = tag
  body.write(content, 1)
  return body
}

function raw(tag: number, content: Uint8Array, root: string): Uint8Array {
  checkSize(content.length, root)
  const body = Buffer.allocUnsafe(1 + content.length)
  body[0] = tag
  body.set(content, 1)
  return body
}

function checkSize(length: number, root: string): void {
  if (length <= limits.bodyBytesMax) return
  throw new MachinesError(
    'DM_BODY_TOO_LARGE',
    `${root}: ${length} bytes are more than the ${limits.bodyBytesMax} that can be sent`,
  )
}

/**
 * The value of the JSON in a body. The depth of a short one is looked at afterwards, in a fifth of the
 * time that going over the text takes; a long one could make gigabytes of brackets alone.
 */
function parse(body: Uint8Array, depthMax: number): unknown {
  const bytes = body.length - 1
  const isShort = bytes <= limits.bodyParsedFirstBytesMax
  const tooDeep = () => invalid(`nested deeper than ${depthMax}`)
  if (!isShort && isDeeperText(body.subarray(1), depthMax)) throw tooDeep()
  const value: unknown = JSON.parse(textIn(body))
  // Each level takes two brackets, so most bodies are too short to be that deep.
  const mayBeDeep = isShort && bytes > 2 * depthMax
  if (mayBeDeep && isDeeperValue(value, depthMax)) throw tooDeep()
  return value
}

/** What Node's own decoder, the fastest there is, puts in the place of bytes that are not utf-8. */
const replacement = '\uFFFD'

/** The text behind the tag; throws where the bytes are not utf-8. */
function textIn(body: Uint8Array): string {
  if (Buffer.isBuffer(body)) {
    const content = body.toString('utf8', 1)
    if (!content.includes(replacement)) return content
  }
  // Whether that stands in the text or for what is none, the strict decoder knows.
  return utf8.decode(body.subarray(1))
}
