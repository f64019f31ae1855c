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
import { readU32, writeU32 } from '../big-endian.js'
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
const guildBytes = 8
const endpointBytes = 4
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Every failure of the header codecs is this one. */
export function invalidEnvelope(why: string): MachinesError {
  return new MachinesError('DM_ENVELOPE_INVALID', `envelope header: ${why}`)
}

/** Number of a target's kind in the header. */
export function targetKindCode(target: ResolvedTarget): number {
  return kinds.indexOf(target.kind)
}

/**
 * How many bytes the section of a target takes. Throws DM_ENVELOPE_INVALID when it is over the
 * limits, so that `writeTarget` need not look again.
 */
export function targetBytes(target: ResolvedTarget): number {
  switch (target.kind) {
    case 'all':
    case 'manager':
      return 0
    case 'instances':
    case 'shards':
      return checkedRanges(target.ranges).length * rangeBytes
    case 'machines':
      return checkedNames(target.names).reduce((sum, name) => sum + 2 + nameBytes(name), 0)
    case 'guild':
      return guildBytes
    case 'endpoint':
      return endpointBytes
    default:
      return nameBytes(target.machine)
  }
}

/** Writes the section of a target; there is room for `targetBytes` of it. */
export function writeTarget(target: ResolvedTarget, bytes: Buffer, at: number): void {
  switch (target.kind) {
    case 'all':
    case 'manager':
      return
    case 'instances':
    case 'shards':
      writeRanges(target.ranges, bytes, at)
      return
    case 'machines':
      writeNames(target.names, bytes, at)
      return
    case 'guild':
      bytes.writeBigUInt64BE(BigInt(target.id), at)
      return
    case 'endpoint':
      writeU32(bytes, at, target.endpoint)
      return
    default:
      bytes.write(target.machine, at)
  }
}

/**
 * The target of a kind, whose section lies at `from`..`to`: read in place, as every router on the way
 * does it. Throws DM_ENVELOPE_INVALID on anything that writeTarget never writes.
 */
export function decodeTarget(
  kindCode: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): ResolvedTarget {
  const kind = kinds[kindCode]
  if (kind === undefined) throw invalidEnvelope(`unknown kind of target ${kindCode}`)
  switch (kind) {
    case 'all':
    case 'manager':
      expectLength(to - from, 0)
      return { kind }
    case 'instances':
    case 'shards':
      return { kind, ranges: decodeRanges(bytes, from, to) }
    case 'machines':
      return { kind, names: decodeNames(bytes.subarray(from, to)) }
    case 'guild':
      expectLength(to - from, guildBytes)
      return { kind, id: viewOf(bytes).getBigUint64(from).toString() }
    case 'endpoint':
      expectLength(to - from, endpointBytes)
      return { kind, endpoint: readU32(bytes, from) }
    default:
      return { kind, machine: decodeName(bytes.subarray(from, to)) }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function expectLength(given: number, length: number): void {
  if (given !== length) throw invalidEnvelope(`a target of ${given} bytes`)
}

function checkedRanges(ranges: readonly ShardRange[]): readonly ShardRange[] {
  if (ranges.length <= limits.envelopeTargetsMax) return ranges
  throw invalidEnvelope(`${ranges.length} ranges, more than ${limits.envelopeTargetsMax}`)
}

function writeRanges(ranges: readonly ShardRange[], bytes: Buffer, at: number): void {
  let offset = at
  for (const { from, to } of ranges) {
    writeU32(bytes, offset, from)
    writeU32(bytes, offset + 4, to)
    offset += rangeBytes
  }
}

function decodeRanges(bytes: Uint8Array, begin: number, end: number): ShardRange[] {
  const count = (end - begin) / rangeBytes
  if (!Number.isInteger(count)) throw invalidEnvelope('half a range')
  if (count === 0 || count > limits.envelopeTargetsMax) throw invalidEnvelope(`${count} ranges`)
  const first = rangeAt(bytes, begin, -1)
  // Mostly it is the only one, for which a list that grows takes ten times the memory.
  const ranges = [first]
  let last = first.to
  for (let offset = begin + rangeBytes; offset < end; offset += rangeBytes) {
    const range = rangeAt(bytes, offset, last)
    ranges.push(range)
    last = range.to
  }
  return ranges
}

/** `last` is where the range before it ends. */
function rangeAt(bytes: Uint8Array, offset: number, last: number): ShardRange {
  const from = readU32(bytes, offset)
  const to = readU32(bytes, offset + 4)
  if (from <= last || to < from) throw invalidEnvelope('ranges are not in ascending order')
  return { from, to }
}

function checkedNames(names: readonly string[]): readonly string[] {
  if (names.length <= limits.pointsMax) return names
  throw invalidEnvelope(`${names.length} machine names`)
}

function writeNames(names: readonly string[], bytes: Buffer, at: number): void {
  let offset = at
  for (const name of names) {
    const length = bytes.write(name, offset + 2)
    bytes.writeUInt16BE(length, offset)
    offset += 2 + length
  }
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

function nameBytes(name: string): number {
  const length = Buffer.byteLength(name)
  if (length > limits.machineNameBytesMax) throw invalidEnvelope('a machine name is too long')
  return length
}

function decodeName(bytes: Uint8Array): string {
  if (bytes.length > limits.machineNameBytesMax) throw invalidEnvelope('a machine name is too long')
  try {
    return utf8.decode(bytes)
  } catch {
    throw invalidEnvelope('a machine name is not utf-8')
  }
}
