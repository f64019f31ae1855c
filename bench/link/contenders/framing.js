/** `u32 length | bytes`: the plainest framing there is, for contenders that bring none. */

/** @param {Buffer} payload */
export function frame(payload) {
  const framed = Buffer.allocUnsafe(4 + payload.length)
  framed.writeUInt32BE(payload.length, 0)
  framed.set(payload, 4)
  return framed
}

/**
 * A listener for `data` that calls back with each payload. Bytes are copied once, and only those of
 * frames that come in several chunks.
 *
 * @param {(payload: Buffer) => void} onFrame
 */
export function unframed(onFrame) {
  let chunks = []
  let bytes = 0
  let wanted = 4
  return (chunk) => {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes < wanted) return
    const all = chunks.length === 1 ? chunk : Buffer.concat(chunks)
    let at = 0
    wanted = 4
    while (all.length - at >= 4) {
      const end = at + 4 + all.readUInt32BE(at)
      if (end > all.length) {
        wanted = end - at
        break
      }
      onFrame(all.subarray(at + 4, end))
      at = end
    }
    bytes = all.length - at
    chunks = bytes > 0 ? [all.subarray(at)] : []
  }
}

/**
 * One write per turn of the event loop, however much was sent in it.
 *
 * @param {import('node:stream').Writable} stream
 */
export function batched(stream) {
  let staged = []
  const flush = () => {
    const pieces = staged
    staged = []
    stream.write(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces))
  }
  return (bytes) => {
    if (staged.push(bytes) === 1) process.nextTick(flush)
  }
}
