/**
 * What the two ends of the UDP carrier say to each other inside of a stream. udx reads as fast as
 * packets come, so an end tells how much more it has room for: pure bookkeeping of bytes, as with
 * the windows of HTTP/2 (RFC 9113, 5.2). `docs/protocol/udp.md` has the format.
 */
import { MachinesError } from '../errors.js'

/** `u8 type | u24 number`, big endian. */
const recordHeaderBytes = 4

const typeData = 1
const typeCredit = 2
const typeEnd = 3

export type UdpRecord =
  /** Bytes of the stream; those of one record may come in several pieces. */
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  /** The peer has room for so many bytes more than it said before. */
  | { readonly kind: 'credit'; readonly count: number }
  /** No data follows; credit may. */
  | { readonly kind: 'end' }

/** A record with a copy of `bytes`, which are at most 2^24 - 1. */
export function encodeData(bytes: Uint8Array): Uint8Array {
  const record = Buffer.allocUnsafe(recordHeaderBytes + bytes.length)
  writeHeader(record, typeData, bytes.length)
  record.set(bytes, recordHeaderBytes)
  return record
}

export function encodeCredit(count: number): Uint8Array {
  const record = Buffer.allocUnsafe(recordHeaderBytes)
  writeHeader(record, typeCredit, count)
  return record
}

export function encodeEnd(): Uint8Array {
  const record = Buffer.allocUnsafe(recordHeaderBytes)
  writeHeader(record, typeEnd, 0)
  return record
}

function writeHeader(record: Buffer, type: number, number: number): void {
  record.writeUInt8(type, 0)
  record.writeUIntBE(number, 1, 3)
}

/** Takes a stream apart, cut wherever. Holds three bytes at most. */
export class RecordDecoder {
  readonly #header: Buffer = Buffer.alloc(recordHeaderBytes)
  #headerLength = 0
  /** Bytes of a data record that are still to come. */
  #dataLeft = 0
  #hasEnded = false

  /** Throws DM_FRAME_INVALID; the stream has no meaning after that. */
  read(bytes: Uint8Array): readonly UdpRecord[] {
    const records: UdpRecord[] = []
    let rest = bytes
    while (rest.length > 0) {
      if (this.#dataLeft > 0) {
        const piece = rest.subarray(0, this.#dataLeft)
        rest = rest.subarray(piece.length)
        this.#dataLeft -= piece.length
        records.push({ kind: 'data', bytes: piece })
      } else {
        const part = rest.subarray(0, recordHeaderBytes - this.#headerLength)
        rest = rest.subarray(part.length)
        this.#header.set(part, this.#headerLength)
        this.#headerLength += part.length
        const record = this.#headerLength === recordHeaderBytes ? this.#begin() : undefined
        if (record !== undefined) records.push(record)
      }
    }
    return records
  }

  #begin(): UdpRecord | undefined {
    this.#headerLength = 0
    const type = this.#header[0]
    const number = this.#header.readUIntBE(1, 3)
    if (type === typeCredit && number > 0) return { kind: 'credit', count: number }
    if (type === typeData && number > 0 && !this.#hasEnded) {
      this.#dataLeft = number
      return undefined
    }
    if (type === typeEnd && number === 0 && !this.#hasEnded) {
      this.#hasEnded = true
      return { kind: 'end' }
    }
    throw new MachinesError('DM_FRAME_INVALID', 'a record of the UDP carrier makes no sense')
  }
}
