/**
 * The target section of an envelope, big-endian. The kind stands in the header.
 *
 * ```
 * 0 all        nothing
 * 1 instances  pairs of u32 from, u32 to; ascending, not overlapping
 * 2 shards     likewise
 * 3 machines   for each name: u16 length, utf-8
 * 4 guild      u64 id
 * 5 endpoint   u32
 * 6 delivered  name of the source's machine, utf-8; empty for the parent
 * 7 manager    nothing
 * ```
 */
import type { ShardRange } from '../allocator/shard-range.js'
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import type { ResolvedTarget } from './resolved-target.js'

const kinds = [
  'all',
  'instances',
  'shards',
  'machines',
  'guild',
  'endpoint',
  'delivered',
  'manager',
] as const satisfies readonly ResolvedTarget['kind'][]

const rangeBytes = 8
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Every failure of the header codecs is this one. */
export function invalidEnvelope(why: string): MachinesError {
  return new MachinesError('DM_ENVELOPE_INVALID', `envelope header: ${why}`)
}

/** Number of a target's kind in the header. */
export function targetKindCode(target: ResolvedTarget): number {
  return kinds.indexOf(target.kind)
}

/** The bytes of a target; throws DM_ENVELOPE_INVALID when it is over the limits. */
export function encodeTarget(target: ResolvedTarget): Uint8Array {
  switch (target.kind) {
    case 'all':
    case 'manager':
      return new Uint8Array(0)
    case 'instances':
    case 'shards':
      return encodeRanges(target.ranges)
    case 'machines':
      return encodeNames(target.names)
    case 'guild': {
      const bytes = new Uint8Array(8)
      new DataView(bytes.buffer).setBigUint64(0, BigInt(target.id))
      return bytes
    }
    case 'endpoint': {
      const bytes = new Uint8Array(4)
      new DataView(bytes.buffer).setUint32(0, target.endpoint)
      return bytes
    }
    default:
      return encodeName(target.machine)
  }
}

/** The target of a kind; throws DM_ENVELOPE_INVALID on anything that encodeTarget never writes. */
export function decodeTarget(kindCode: number, bytes: Uint8Array): ResolvedTarget {
  const kind = kinds[kindCode]
  if (kind === undefined) throw invalidEnvelope(`unknown kind of target ${kindCode}`)
  switch (kind) {
    case 'all':
    case 'manager':
      expectLength(bytes, 0)
      return { kind }
    case 'instances':
    case 'shards':
      return { kind, ranges: decodeRanges(bytes) }
    case 'machines':
      return { kind, names: decodeNames(bytes) }
    case 'guild':
      expectLength(bytes, 8)
      return { kind, id: viewOf(bytes).getBigUint64(0).toString() }
    case 'endpoint':
      expectLength(bytes, 4)
      return { kind, endpoint: viewOf(bytes).getUint32(0) }
    default:
      return { kind, machine: decodeName(bytes) }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function expectLength(bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw invalidEnvelope(`a target of ${bytes.length} bytes`)
}

function encodeRanges(ranges: readonly ShardRange[]): Uint8Array {
  if (ranges.length > limits.envelopeTargetsMax) {
    throw invalidEnvelope(`${ranges.length} ranges, more than ${limits.envelopeTargetsMax}`)
  }
  const bytes = new Uint8Array(ranges.length * rangeBytes)
  const view = viewOf(bytes)
  for (const [index, range] of ranges.entries()) {
    view.setUint32(index * rangeBytes, range.from)
    view.setUint32(index * rangeBytes + 4, range.to)
  }
  return bytes
}

function decodeRanges(bytes: Uint8Array): ShardRange[] {
  const count = bytes.length / rangeBytes
  if (!Number.isInteger(count)) throw invalidEnvelope('half a range')
  if (count === 0 || count > limits.envelopeTargetsMax) throw invalidEnvelope(`${count} ranges`)
  const view = viewOf(bytes)
  const ranges: ShardRange[] = []
  let last = -1
  for (let offset = 0; offset < bytes.length; offset += rangeBytes) {
    const from = view.getUint32(offset)
    const to = view.getUint32(offset + 4)
    if (from <= last || to < from) throw invalidEnvelope('ranges are not in ascending order')
    ranges.push({ from, to })
    last = to
  }
  return ranges
}

function encodeNames(names: readonly string[]): Uint8Array {
  if (names.length > limits.pointsMax) throw invalidEnvelope(`${names.length} machine names`)
  const parts = names.map(encodeName)
  const bytes = new Uint8Array(parts.reduce((total, part) => total + 2 + part.length, 0))
  const view = viewOf(bytes)
  let offset = 0
  for (const part of parts) {
    view.setUint16(offset, part.length)
    bytes.set(part, offset + 2)
    offset += 2 + part.length
  }
  return bytes
}

function decodeNames(bytes: Uint8Array): string[] {
  const view = viewOf(bytes)
  const names: string[] = []
  let offset = 0
  while (offset < bytes.length) {
    if (names.length >= limits.pointsMax) throw invalidEnvelope('too many machine names')
    if (offset + 2 > bytes.length) throw invalidEnvelope('half a machine name')
    const end = offset + 2 + view.getUint16(offset)
    if (end > bytes.length || end === offset + 2) throw invalidEnvelope('half a machine name')
    names.push(decodeName(bytes.subarray(offset + 2, end)))
    offset = end
  }
  if (names.length === 0) throw invalidEnvelope('no machine name')
  return names
}

function encodeName(name: string): Uint8Array {
  const bytes = Buffer.from(name, 'utf8')
  if (bytes.length > limits.machineNameBytesMax) throw invalidEnvelope('a machine name is too long')
  return bytes
}

function decodeName(bytes: Uint8Array): string {
  if (bytes.length > limits.machineNameBytesMax) throw invalidEnvelope('a machine name is too long')
  try {
    return utf8.decode(bytes)
  } catch {
    throw invalidEnvelope('a machine name is not utf-8')
  }
}
