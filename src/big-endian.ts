/**
 * Numbers in bytes, big-endian (network byte order), without the view that a DataView would be for
 * each header. Nothing is checked here: whoever reads has looked at the length before.
 */

/** The unsigned 32 bits at an offset; bytes beyond the end count as 0. */
export function readU32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16)
  return (high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
}

/** Writes the lower 32 bits of an integer at an offset. */
export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
