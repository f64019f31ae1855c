/**
 * Values as trees that JSON can say.
 *
 * Plain JSON values come back as they are, so that the usual body costs one walk and one stringify.
 * Anything else is replaced, and only the path down to it is copied, by an object with the single
 * key `$dm`:
 *
 * ```
 * ["undefined"]  ["number", "NaN" | "Infinity" | "-Infinity" | "-0"]  ["bigint", digits]
 * ["date", ms or null]  ["regexp", source, flags]  ["map", [[key, value]...]]  ["set", [value...]]
 * ["bytes", class name, base64]  ["error", { name, message, stack?, code?, cause?, ... }]
 * ["object", [[key, value]...]]    an object of the user that has a key `$dm` itself
 * ```
 */
import { types } from 'node:util'
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'

export const tagKey = '$dm'

/** Classes of bytes that every supported version of Node can rebuild. */
const byteClasses: ReadonlySet<string> = new Set([
  'Buffer',
  'ArrayBuffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
])

/** What JSON.stringify takes as it is; `tagged` when a `$dm` object stands somewhere in it. */
export interface JsonTree {
  readonly value: unknown
  readonly tagged: boolean
}

/** Throws DM_BODY_UNSUPPORTED or DM_BODY_TOO_LARGE, naming the path of what cannot be sent. */
export function toTagged(value: unknown, root: string): JsonTree {
  const walk = new Walk(root)
  try {
    return { value: walk.convert(value), tagged: walk.tagged }
  } catch (error) {
    if (error instanceof MachinesError) throw error
    throw walk.unsupported('something that throws when it is read', error)
  }
}

class Walk {
  tagged = false
  readonly #root: string
  readonly #path: (string | number)[] = []
  readonly #above: object[] = []
  /** A lower bound of the JSON to come, so that what cannot fit is refused before it is built. */
  #chars = 0

  constructor(root: string) {
    this.#root = root
  }

  convert(value: unknown): unknown {
    this.#spend(1)
    switch (typeof value) {
      case 'string':
        this.#spend(value.length)
        return value
      case 'boolean':
        return value
      case 'number':
        return this.#number(value)
      case 'undefined':
        return this.#tag('undefined')
      case 'bigint':
        return this.#bigint(value)
      case 'object':
        return value === null ? null : this.#object(value)
      default:
        throw this.unsupported(`a ${typeof value}`)
    }
  }

  unsupported(what: string, cause?: unknown): MachinesError {
    const path = this.#where()
    const details = cause === undefined ? { path } : { path, cause }
    return new MachinesError('DM_BODY_UNSUPPORTED', `${path}: ${what} cannot be sent`, details)
  }

  #where(): string {
    const steps = this.#path.map((step) => {
      if (typeof step === 'number') return `[${step}]`
      return /^[\w$]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step.slice(0, 64))}]`
    })
    const path = this.#root + steps.join('')
    return path.startsWith('.') ? path.slice(1) : path
  }

  #spend(chars: number): void {
    this.#chars += chars
    if (this.#chars <= limits.bodyBytesMax) return
    const message = `${this.#where()}: more than the ${limits.bodyBytesMax} bytes that can be sent`
    throw new MachinesError('DM_BODY_TOO_LARGE', message)
  }

  #tag(...content: readonly unknown[]): object {
    this.tagged = true
    return { [tagKey]: content }
  }

  #number(value: number): unknown {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value
    return this.#tag('number', Object.is(value, -0) ? '-0' : String(value))
  }

  #bigint(value: bigint): unknown {
    // Hexadecimal first: it is linear, while the decimal digits of a huge number take minutes.
    const tooLong = () => this.unsupported(`a BigInt of over ${limits.bodyBigintDigitsMax} digits`)
    if (value.toString(16).length > limits.bodyBigintDigitsMax) throw tooLong()
    const digits = value.toString()
    if (digits.length > limits.bodyBigintDigitsMax) throw tooLong()
    this.#spend(digits.length)
    return this.#tag('bigint', digits)
  }

  #object(value: object): unknown {
    if (this.#above.includes(value)) throw this.unsupported('a cycle')
    if (this.#above.length >= limits.bodyDepthMax) {
      throw this.unsupported(`a value nested deeper than ${limits.bodyDepthMax}`)
    }
    this.#above.push(value)
    const converted = Array.isArray(value) ? this.#array(value) : this.#builtIn(value)
    this.#above.pop()
    return converted
  }

  #at(step: string | number, value: unknown): unknown {
    this.#path.push(step)
    const converted = this.convert(value)
    this.#path.pop()
    return converted
  }

  #array(value: readonly unknown[]): unknown {
    let copy: unknown[] | undefined
    for (let index = 0; index < value.length; index += 1) {
      const item = value[index]
      const converted = this.#at(index, item)
      if (converted !== item) copy ??= value.slice(0, index)
      copy?.push(converted)
    }
    return copy ?? value
  }

  /** What JSON would flatten or lose, in the order that keeps the most. */
  #builtIn(value: object): unknown {
    if (types.isDate(value)) {
      const ms = value.getTime()
      return this.#tag('date', Number.isNaN(ms) ? null : ms)
    }
    if (ArrayBuffer.isView(value) || types.isArrayBuffer(value)) return this.#bytes(value)
    if (types.isNativeError(value) || value instanceof Error) return this.#error(value)
    if (types.isRegExp(value)) return this.#tag('regexp', value.source, value.flags)
    if (hasToJson(value)) return this.#viaToJson(value)
    if (types.isMap(value)) return this.#map(value)
    if (types.isSet(value)) return this.#set(value)
    if (types.isBoxedPrimitive(value)) return this.convert(value.valueOf())
    const opaque = opaqueKind(value)
    if (opaque !== undefined) throw this.unsupported(opaque)
    return this.#properties(value)
  }

  #viaToJson(value: HasToJson): unknown {
    const plain = value.toJSON(String(this.#path.at(-1) ?? ''))
    // As JSON does, the result is taken for what it is, and toJSON is not asked a second time.
    if (plain === value) return this.#copyOf(value)
    if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
      return this.convert(plain)
    }
    const kept = types.isDate(plain) || ArrayBuffer.isView(plain)
    return hasToJson(plain) && !kept ? this.#copyOf(plain) : this.convert(plain)
  }

  #bytes(value: ArrayBufferView | ArrayBuffer): unknown {
    const bytes = ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      : Buffer.from(value)
    this.#spend(Math.ceil(bytes.length / 3) * 4)
    const name = bytesClass(value)
    if (!byteClasses.has(name)) throw this.unsupported(`a ${name}`)
    return this.#tag('bytes', name, bytes.toString('base64'))
  }

  #map(value: ReadonlyMap<unknown, unknown>): unknown {
    const entries: unknown[] = []
    let index = 0
    for (const [key, item] of value) {
      const name = typeof key === 'string' ? key : index
      entries.push([this.#at(name, key), this.#at(name, item)])
      index += 1
    }
    return this.#tag('map', entries)
  }

  #set(value: ReadonlySet<unknown>): unknown {
    return this.#tag(
      'set',
      [...value].map((item, index) => this.#at(index, item)),
    )
  }

  #error(error: Error): unknown {
    const facts: Record<string, unknown> = Object.fromEntries(Object.entries(error))
    // Nothing keeps a bot from throwing an error whose name is a number.
    const { name, message }: { readonly name: unknown; readonly message: unknown } = error
    facts.name = String(name)
    facts.message = String(message)
    if (typeof error.stack === 'string') facts.stack = error.stack
    if ('cause' in error) facts.cause = error.cause
    if (error instanceof AggregateError) facts.errors = error.errors
    return this.#tag('error', this.#properties(facts))
  }

  /** Own enumerable properties: the object itself when it is plain and nothing had to change. */
  #properties(value: object): unknown {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== null && prototype !== Object.prototype) return this.#copyOf(value)
    let changed = false
    const entries: [string, unknown][] = []
    for (const [key, item] of Object.entries(value)) {
      this.#spend(key.length)
      const converted = this.#at(key, item)
      if (converted !== item) changed = true
      entries.push([key, converted])
    }
    if (Object.hasOwn(value, tagKey)) return this.#tag('object', entries)
    return changed ? Object.fromEntries(entries) : value
  }

  #copyOf(value: object): unknown {
    return this.#properties(Object.fromEntries(Object.entries(value)))
  }
}

/** Things without a content that could be read: JSON would quietly make `{}` of them. */
function opaqueKind(value: object): string | undefined {
  if (types.isPromise(value)) return 'a promise'
  if (types.isWeakMap(value) || types.isWeakSet(value)) return 'a weak collection'
  if (types.isSharedArrayBuffer(value)) return 'a SharedArrayBuffer'
  if (types.isGeneratorObject(value)) return 'a generator'
  return undefined
}

interface HasToJson {
  toJSON(key: string): unknown
}

function hasToJson(value: object): value is HasToJson {
  return 'toJSON' in value && typeof value.toJSON === 'function'
}

function bytesClass(value: ArrayBufferView | ArrayBuffer): string {
  if (Buffer.isBuffer(value)) return 'Buffer'
  if (!ArrayBuffer.isView(value)) return 'ArrayBuffer'
  if (value instanceof DataView) return 'DataView'
  // This names the built-in class also for subclasses and other realms: '[object Int8Array]'.
  return Object.prototype.toString.call(value).slice(8, -1)
}
