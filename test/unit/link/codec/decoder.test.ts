import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import { limits } from '../../../../src/limits.js'
import { type Decoded, Decoder } from '../../../../src/link/codec/decoder.js'
import { Encoder } from '../../../../src/link/codec/encoder.js'
import { frameRules, frameTypes } from '../../../../src/link/codec/frame-types.js'

/** Feeds chunks as the shell does: the phase changes right after the WELCOME. */
function decode(chunks: readonly Uint8Array[], decoder = new Decoder()): Decoded[] {
  const found: Decoded[] = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (;;) {
      const item = decoder.next()
      if (item === undefined) break
      found.push(item)
      if (item.kind === 'frame' && item.name === 'WELCOME') decoder.open()
    }
  }
  return found
}

function plain(items: readonly Decoded[]): string[] {
  return items.map((item) =>
    item.kind === 'preface'
      ? `preface ${item.range.min}..${item.range.max}`
      : `${item.name} ${Buffer.from(item.payload).toString('hex')}`,
  )
}

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return error instanceof MachinesError ? error.code : String(error)
  }
  return 'nothing was thrown'
}

// DSCM 1..3, WELCOME of 4 bytes, DATA number 258 "hi", HEARTBEAT 7, CLOSE {}
const stream = Buffer.from(
  '4453434d0103' +
    '0000000403deadbeef' +
    '0000000e100000000000000102000000006869' +
    '000000041200000007' +
    '00000002147b7d',
  'hex',
)
const whole = [
  'preface 1..3',
  'WELCOME deadbeef',
  'DATA 0000000000000102000000006869',
  'HEARTBEAT 00000007',
  'CLOSE 7b7d',
]

describe('the decoder', () => {
  it('reads the bytes of the protocol page', () => {
    expect(plain(decode([stream]))).toEqual(whole)
  })

  it('reads the same when split at any byte', () => {
    for (let at = 0; at <= stream.length; at++) {
      expect(plain(decode([stream.subarray(0, at), stream.subarray(at)]))).toEqual(whole)
    }
  })

  it('reads the same byte by byte', () => {
    expect(plain(decode([...stream].map((byte) => Uint8Array.of(byte))))).toEqual(whole)
  })

  it('passes a frame that lies whole in a chunk on without copying it', () => {
    const [, welcome] = decode([stream])
    expect(welcome?.kind === 'frame' && welcome.payload.buffer === stream.buffer).toBe(true)
  })

  it('refuses a stranger at the first wrong byte', () => {
    expect(codeOf(() => decode([Buffer.from('G')]))).toBe('DM_PREFACE_INVALID')
    expect(codeOf(() => decode([Buffer.from('DSC'), Buffer.from('N')]))).toBe('DM_PREFACE_INVALID')
    expect(codeOf(() => decode([Buffer.from('4453434d0201', 'hex')]))).toBe('DM_PREFACE_INVALID')
    expect(codeOf(() => decode([Buffer.from('4453434d0001', 'hex')]))).toBe('DM_PREFACE_INVALID')
  })

  it.each([
    ['a type that does not exist', '0000000463', 'DM_FRAME_INVALID'],
    ['a message before the handshake is through', '0000000a10', 'DM_FRAME_INVALID'],
    ['a handshake frame over its bound', '0000400101', 'DM_FRAME_TOO_LARGE'],
    ['a frame of 4 GiB', 'ffffffff02', 'DM_FRAME_TOO_LARGE'],
    ['a frame that is too short', '0000000303', 'DM_FRAME_INVALID'],
  ])('refuses %s by its header alone', (_what, header, code) => {
    const decoder = new Decoder()
    decode([stream.subarray(0, 6)], decoder)
    decoder.push(Buffer.from(header, 'hex'))
    expect(codeOf(() => decoder.next())).toBe(code)
  })

  it.each([
    ['a handshake message when open', '0000000401', 'DM_FRAME_INVALID'],
    ['a part of a message over its bound', '0001000110', 'DM_FRAME_TOO_LARGE'],
    ['a confirmation of the wrong length', '0000000911', 'DM_FRAME_TOO_LARGE'],
    ['a goodbye that never ends', '0000040114', 'DM_FRAME_TOO_LARGE'],
  ])('refuses %s', (_what, header, code) => {
    const decoder = new Decoder()
    decode([stream.subarray(0, 15)], decoder)
    decoder.push(Buffer.from(header, 'hex'))
    expect(codeOf(() => decoder.next())).toBe(code)
  })

  it('stays broken after a failure', () => {
    const decoder = new Decoder()
    decoder.push(Buffer.from('HTTP'))
    expect(codeOf(() => decoder.next())).toBe('DM_PREFACE_INVALID')
    expect(codeOf(() => decoder.push(stream))).toBe('DM_INTERNAL')
  })

  it('takes no memory for a large frame until its header was found right', () => {
    const decoder = new Decoder()
    decode([stream.subarray(0, 6)], decoder)
    const before = process.memoryUsage().arrayBuffers
    decoder.push(Buffer.from('0400000001', 'hex'))
    expect(codeOf(() => decoder.next())).toBe('DM_FRAME_TOO_LARGE')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(
      limits.handshakeFrameBytesMax * 8,
    )
  })

  it('gives the same frames for any split of any frames', () => {
    const names = [...frameRules.values()].filter(({ phase }) => phase === 'open')
    const frame = fc.constantFrom(...names).chain(({ name, bytesMin, bytesMax }) =>
      fc.record({
        name: fc.constant(name),
        payload: fc.uint8Array({ minLength: bytesMin, maxLength: Math.min(bytesMax, 300) }),
      }),
    )
    const cuts = fc.array(fc.nat(2_000), { maxLength: 40 })
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), cuts, (frames, where) => {
        const encoder = new Encoder()
        for (const { name, payload } of frames) encoder.frame(name, payload)
        const bytes = Buffer.concat([stream.subarray(0, 15), ...encoder.take()])
        const edges = [0, ...where.filter((at) => at < bytes.length), bytes.length]
        edges.sort((a, b) => a - b)
        const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))
        const expected = frames.map((one): Decoded => ({ kind: 'frame', ...one }))
        const found = decode(chunks).slice(2)
        expect(plain(found)).toEqual(plain(expected))
      }),
      { numRuns: 200 },
    )
  })

  it('answers random and mutated bytes with frames or a MachinesError, and nothing else', () => {
    const mutation = fc.record({ at: fc.nat(stream.length - 1), byte: fc.nat(255) })
    const mutated = fc.array(mutation, { maxLength: 5 }).map((mutations) => {
      const bytes = Buffer.from(stream)
      for (const { at, byte } of mutations) bytes[at] = byte
      return Uint8Array.from(bytes)
    })
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated),
        fc.nat(200),
        (bytes, at) => {
          const outcome = codeOf(() => decode([bytes.subarray(0, at), bytes.subarray(at)]))
          expect(outcome).toMatch(/^(nothing was thrown|DM_(PREFACE|FRAME)_[A-Z_]+)$/)
        },
      ),
      { numRuns: 5_000 },
    )
  })
})

describe('the encoder', () => {
  it('writes what the decoder reads', () => {
    const encoder = new Encoder()
    encoder.push({ kind: 'preface', range: { min: 1, max: 3 }, bytes: stream.subarray(0, 6) })
    encoder.frame('WELCOME', Buffer.from('dead', 'hex'), Buffer.from('beef', 'hex'))
    encoder.frame('DATA', Buffer.from('000000000000010200000000', 'hex'), Buffer.from('hi'))
    encoder.frame('HEARTBEAT', Buffer.from('00000007', 'hex'))
    encoder.frame('CLOSE', Buffer.from('{}'))
    expect(encoder.bytes).toBe(stream.length)
    expect(Buffer.concat(encoder.take())).toEqual(stream)
    expect(encoder.bytes).toBe(0)
    expect(encoder.take()).toEqual([])
  })

  it('joins small pieces and does not copy large ones', () => {
    const encoder = new Encoder()
    const large = new Uint8Array(100_000)
    encoder.frame('HEARTBEAT', new Uint8Array(4))
    encoder.frame('DATA', new Uint8Array(12), large)
    encoder.frame('HEARTBEAT', new Uint8Array(4))
    const chunks = encoder.take()
    expect(chunks.map((chunk) => chunk.length)).toEqual([9 + 17, 100_000, 9])
    expect(chunks[1]).toBe(large)
  })

  it('knows every type that the decoder knows', () => {
    const names = Object.keys(frameTypes)
    expect([...frameRules.values()].map(({ name }) => name).toSorted()).toEqual(names.toSorted())
  })
})
