/** Valid bytes made wrong in the ways that find bugs in parsers. */

type Random = () => number
type Mutation = (random: Random, bytes: Buffer, samples: readonly Buffer[]) => Buffer

const interestingBytes = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x22, 0x5b, 0x7b, 0x5c] as const
const interestingWords = [
  0,
  1,
  0x7f,
  0x1_0000,
  0x7fff_ffff,
  0x8000_0000,
  0xffff_ffff,
  0x0001_0000 + 1,
] as const

function pick(random: Random, below: number): number {
  return Math.floor(random() * below)
}

function among<T>(random: Random, list: readonly T[], otherwise: T): T {
  return list[pick(random, list.length)] ?? otherwise
}

const mutations: readonly Mutation[] = [
  function flipBit(random, bytes) {
    const at = pick(random, bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(random, 8))
    return bytes
  },
  function setByte(random, bytes) {
    bytes[pick(random, bytes.length)] = among(random, interestingBytes, 0)
    return bytes
  },
  function lieAboutLength(random, bytes) {
    if (bytes.length < 4) return bytes
    const at = pick(random, bytes.length - 3)
    const near = bytes.readUInt32BE(at) + pick(random, 9) - 4
    const lie = random() < 0.5 ? near >>> 0 : among(random, interestingWords, 0)
    bytes.writeUInt32BE(lie, at)
    return bytes
  },
  function truncate(random, bytes) {
    return bytes.subarray(0, pick(random, bytes.length))
  },
  function extend(random, bytes) {
    return Buffer.concat([bytes, randomBytes(random, 1 + pick(random, 16))])
  },
  function splice(random, bytes, samples) {
    const other = among(random, samples, bytes)
    return Buffer.concat([
      bytes.subarray(0, pick(random, bytes.length)),
      other.subarray(pick(random, other.length)),
    ])
  },
  function repeat(random, bytes) {
    const from = pick(random, bytes.length)
    const until = from + 1 + pick(random, 64)
    return Buffer.concat([bytes.subarray(0, until), bytes.subarray(from)])
  },
  function dropSlice(random, bytes) {
    const from = pick(random, bytes.length)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + pick(random, 16))])
  },
]

function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => pick(random, 256)))
}

/** One sample with one to four things wrong, or, now and then, nothing but noise. */
export function mutate(random: Random, samples: readonly Buffer[]): Buffer {
  if (random() < 0.05) return randomBytes(random, pick(random, 80))
  let bytes = Buffer.from(among(random, samples, Buffer.alloc(0)))
  for (let count = 1 + pick(random, 4); count > 0; count--) {
    if (bytes.length === 0) return bytes
    const mutation = mutations[pick(random, mutations.length)]
    if (mutation !== undefined) bytes = mutation(random, bytes, samples) as Buffer<ArrayBuffer>
  }
  return bytes
}

/** The bytes in random pieces, as a stream would bring them. */
export function inPieces(random: Random, bytes: Buffer): Buffer[] {
  if (random() < 0.5) return [bytes]
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + pick(random, 40)
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}
