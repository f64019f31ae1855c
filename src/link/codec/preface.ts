/**
 * The first six bytes that either side sends: `DSCM`, then the lowest and the highest protocol
 * version it speaks. Port scanners and HTTP clients fail at their first byte.
 */
import { MachinesError } from '../../errors.js'

/** Protocol versions that a side speaks, both ends included, each 1..255. */
export interface ProtocolRange {
  readonly min: number
  readonly max: number
}

export interface Preface {
  readonly kind: 'preface'
  readonly range: ProtocolRange
  /** The six bytes as they were sent: they are part of what both proofs cover. */
  readonly bytes: Uint8Array
}

/** What this version of the package speaks. */
export const protocolRange: ProtocolRange = { min: 1, max: 1 }

const magic = Buffer.from('DSCM', 'latin1')

export const prefaceBytes: number = magic.length + 2

export function encodePreface(range: ProtocolRange): Preface {
  return { kind: 'preface', range, bytes: Buffer.concat([magic, Buffer.of(range.min, range.max)]) }
}

/** True as long as the bytes so far can be the beginning of a preface. */
export function mayBecomePreface(start: Uint8Array): boolean {
  const length = Math.min(start.length, magic.length)
  for (let at = 0; at < length; at++) if (start[at] !== magic[at]) return false
  return true
}

/** Reads six bytes whose magic was checked; throws DM_PREFACE_INVALID. */
export function decodePreface(bytes: Uint8Array): Preface {
  const [min = 0, max = 0] = bytes.subarray(magic.length)
  if (!mayBecomePreface(bytes) || min < 1 || max < min) {
    throw new MachinesError('DM_PREFACE_INVALID', 'the preface offers no range of versions')
  }
  return { kind: 'preface', range: { min, max }, bytes }
}

/** The highest version that both sides speak, or undefined. */
export function highestCommon(ours: ProtocolRange, theirs: ProtocolRange): number | undefined {
  const highest = Math.min(ours.max, theirs.max)
  return highest >= Math.max(ours.min, theirs.min) ? highest : undefined
}
