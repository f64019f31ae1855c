/**
 * What may follow the preface on a link: `u32 length | u8 type | payload`, big endian, where the
 * length counts the payload alone. Each type has its phase and its own bounds, so that a frame that
 * cannot be right is refused by its five header bytes, before anything is buffered.
 */
import { limits } from '../../limits.js'
import { dataHeaderBytes } from './payloads.js'

/** Numbers on the wire; a retired number is never used again. */
export const frameTypes = {
  HELLO: 1,
  IDENTIFY: 2,
  WELCOME: 3,
  REJECT: 4,
  DATA: 16,
  ACK: 17,
  HEARTBEAT: 18,
  HEARTBEAT_ACK: 19,
  CLOSE: 20,
} as const

export type FrameName = keyof typeof frameTypes

/** Before and after both sides have proven who they are. */
export type Phase = 'handshake' | 'open'

export interface Frame {
  readonly kind: 'frame'
  readonly name: FrameName
  readonly payload: Uint8Array
}

export interface FrameRule {
  readonly name: FrameName
  readonly phase: Phase
  readonly bytesMin: number
  readonly bytesMax: number
}

/** Bytes of `u32 length | u8 type`. */
export const frameHeaderBytes = 5

/** A goodbye is a code and one sentence; nothing longer is worth reading. */
export const closeBytesMax = 1_024

const handshakeMax = limits.handshakeFrameBytesMax

const rules: readonly FrameRule[] = [
  { name: 'HELLO', phase: 'handshake', bytesMin: 2, bytesMax: handshakeMax },
  { name: 'IDENTIFY', phase: 'handshake', bytesMin: 4, bytesMax: handshakeMax },
  { name: 'WELCOME', phase: 'handshake', bytesMin: 4, bytesMax: handshakeMax },
  { name: 'REJECT', phase: 'handshake', bytesMin: 2, bytesMax: closeBytesMax },
  { name: 'DATA', phase: 'open', bytesMin: dataHeaderBytes, bytesMax: limits.frameBytesMax },
  { name: 'ACK', phase: 'open', bytesMin: 8, bytesMax: 8 },
  { name: 'HEARTBEAT', phase: 'open', bytesMin: 4, bytesMax: 4 },
  { name: 'HEARTBEAT_ACK', phase: 'open', bytesMin: 8, bytesMax: 8 },
  { name: 'CLOSE', phase: 'open', bytesMin: 2, bytesMax: closeBytesMax },
]

/** Rules by the type's number on the wire. */
export const frameRules: ReadonlyMap<number, FrameRule> = new Map(
  rules.map((rule) => [frameTypes[rule.name], rule]),
)
