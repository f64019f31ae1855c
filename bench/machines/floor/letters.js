/** `u32 length | u8 to | bytes`: a frame with an address, the least that a star needs. */

/** The address of all instances. */
export const everyone = 255
const headBytes = 5

/** @param {number} to @param {unknown} message */
export function letter(to, message) {
  const json = JSON.stringify(message)
  const length = Buffer.byteLength(json)
  const framed = Buffer.allocUnsafe(headBytes + length)
  framed.writeUInt32BE(1 + length, 0)
  framed[4] = to
  framed.write(json, headBytes)
  return framed
}

/** What {@link letter} was made of. @param {Buffer} payload of a frame, address first */
export const messageOf = (payload) => JSON.parse(payload.toString('utf8', 1))

/**
 * A listener for `data` that hands over neighbouring letters to one address as one piece, which is
 * a slice of what came: where all go one way, that is what `pipe()` does.
 *
 * @param {(to: number, letters: Buffer) => void} pass
 */
export function sorted(pass) {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let from = 0
    let at = 0
    for (let end = endOf(all, 0); end <= all.length; end = endOf(all, at)) {
      if (all[from + 4] !== all[at + 4]) {
        pass(all[from + 4], all.subarray(from, at))
        from = at
      }
      at = end
    }
    if (at > from) pass(all[from + 4], all.subarray(from, at))
    rest = all.subarray(at)
  }
}

/** Beyond all bytes where not even the head is there. @param {Buffer} all @param {number} at */
function endOf(all, at) {
  return all.length - at < headBytes ? Number.POSITIVE_INFINITY : at + 4 + all.readUInt32BE(at)
}
