/** Discord's transport compression `zlib-stream`: one zlib stream for a connection. */
import { constants, deflateRawSync } from 'node:zlib'

/** RFC 1950: deflate with a window of 32 KiB, at the usual level. */
const streamHeader = Uint8Array.of(0x78, 0x9c)

/**
 * Compresses each payload by itself, which lets this be a function instead of a stream with its own
 * turns of the event loop. A decoder sees no difference: the blocks just never look back at earlier
 * payloads. Each payload ends with a sync flush (00 00 ff ff), by which clients tell where it ends.
 */
export class ZlibStream {
  #isBegun = false

  compress(text: string): Uint8Array {
    const blocks = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH })
    if (this.#isBegun) return blocks
    this.#isBegun = true
    return Buffer.concat([streamHeader, blocks])
  }
}
