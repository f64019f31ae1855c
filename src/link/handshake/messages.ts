/**
 * The JSON bodies of HELLO, IDENTIFY and WELCOME. They come from strangers: every field is checked
 * for type, length and range before it is used. Fields that are not known are left alone, so that a
 * later version can add some; the proofs cover them all the same.
 */
import { MachinesError } from '../../errors.js'
import { limits } from '../../limits.js'
import { publicKeyBytes } from '../identity.js'

export const nonceBytes = 32
export const sessionIdBytes = 16

/** The child's first words. Anybody who connects can read them. */
export interface Hello {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly about: unknown
}

/** A session that the parent wants back, and how many of the child's parts have come in it. */
export interface ResumeRequest {
  readonly session: string
  readonly received: number
}

export interface Identify {
  readonly protocol: number
  readonly epoch: number
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly about: unknown
  readonly resume: ResumeRequest | undefined
}

export interface Welcome {
  readonly session: string
  readonly resumed: boolean
  /** How many of the parent's parts have come in this session. */
  readonly received: number
  readonly about: unknown
}

type Fields = Readonly<Record<string, unknown>> & {
  readonly about?: unknown
  readonly resume?: unknown
  readonly resumed?: unknown
}

function fault(field: string): MachinesError {
  return new MachinesError('DM_HANDSHAKE_INVALID', `a handshake message has a bad "${field}"`)
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** JSON as bytes; refuses what the other side would not read. */
function encode(body: Fields): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(body), 'utf8')
  // The largest proof and the length in front of the body must fit in the frame as well.
  if (bytes.length > limits.handshakeFrameBytesMax - 128) {
    throw new MachinesError('DM_BODY_TOO_LARGE', 'what is said in the handshake is too long', {
      given: `${bytes.length} bytes`,
      allowed: `${limits.handshakeFrameBytesMax - 128} bytes`,
    })
  }
  return bytes
}

function decode(bytes: Uint8Array): Fields {
  let body: unknown
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new MachinesError('DM_HANDSHAKE_INVALID', 'a handshake message is not JSON')
  }
  if (!isObject(body)) {
    throw new MachinesError('DM_HANDSHAKE_INVALID', 'a handshake message is not an object')
  }
  return body
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Exactly so many bytes in canonical base64: two spellings of one key must not look like two. */
function bytesField(fields: Fields, name: string, length: number): Uint8Array {
  const value = fields[name]
  if (typeof value !== 'string' || value.length > length * 2) throw fault(name)
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length !== length || toBase64(bytes) !== value) throw fault(name)
  return bytes
}

function countField(fields: Fields, name: string): number {
  const value = fields[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw fault(name)
  return value
}

function sessionField(fields: Fields): string {
  return toBase64(bytesField(fields, 'session', sessionIdBytes))
}

function aboutField(fields: Fields): unknown {
  // JSON has no undefined, so a missing "about" would be the one value that cannot have been sent.
  if (!Object.hasOwn(fields, 'about')) throw fault('about')
  return fields.about
}

function keyField(fields: Fields): Uint8Array {
  return bytesField(fields, 'key', publicKeyBytes)
}

function nonceField(fields: Fields): Uint8Array {
  return bytesField(fields, 'nonce', nonceBytes)
}

export function encodeHello({ key, nonce, about }: Hello): Uint8Array {
  return encode({ key: toBase64(key), nonce: toBase64(nonce), about: about ?? null })
}

export function decodeHello(bytes: Uint8Array): Hello {
  const fields = decode(bytes)
  return { key: keyField(fields), nonce: nonceField(fields), about: aboutField(fields) }
}

export function encodeIdentify(message: Identify): Uint8Array {
  const { key, nonce, about, resume, ...rest } = message
  const body = { ...rest, key: toBase64(key), nonce: toBase64(nonce), about: about ?? null }
  return encode(resume === undefined ? body : { ...body, resume })
}

export function decodeIdentify(bytes: Uint8Array): Identify {
  const fields = decode(bytes)
  return {
    protocol: countField(fields, 'protocol'),
    epoch: countField(fields, 'epoch'),
    key: keyField(fields),
    nonce: nonceField(fields),
    about: aboutField(fields),
    resume: resumeField(fields.resume),
  }
}

function resumeField(value: unknown): ResumeRequest | undefined {
  if (value === undefined) return undefined
  if (!isObject(value)) throw fault('resume')
  return { session: sessionField(value), received: countField(value, 'received') }
}

export function encodeWelcome({ session, resumed, received, about }: Welcome): Uint8Array {
  return encode({ session, resumed, received, about: about ?? null })
}

export function decodeWelcome(bytes: Uint8Array): Welcome {
  const fields = decode(bytes)
  const resumed = fields.resumed
  if (typeof resumed !== 'boolean') throw fault('resumed')
  return {
    session: sessionField(fields),
    resumed,
    received: countField(fields, 'received'),
    about: aboutField(fields),
  }
}
