import { describe, expect, it } from 'vitest'
import {
  decodeFarewell,
  encodeFarewell,
  farewellError,
} from '../../../../src/link/codec/farewell.js'
import { closeBytesMax } from '../../../../src/link/codec/frame-types.js'
import {
  decodeCount,
  decodeData,
  decodeHeartbeatAnswer,
  encodeCount,
  encodeDataHeader,
  encodeHeartbeatAnswer,
} from '../../../../src/link/codec/payloads.js'
import { encodePreface, highestCommon } from '../../../../src/link/codec/preface.js'

const lag = (lagMs: number) => decodeHeartbeatAnswer(encodeHeartbeatAnswer({ id: 3, lagMs }))

describe('binary bodies', () => {
  it.each([0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER])('carry the count %i', (count) => {
    expect(decodeCount(encodeCount(count))).toBe(count)
  })

  it('refuse a count that cannot be held exactly', () => {
    expect(() => decodeCount(Buffer.from('0020000000000000', 'hex'))).toThrow(
      expect.objectContaining({ code: 'DM_FRAME_INVALID' }),
    )
  })

  it('are big endian', () => {
    expect(Buffer.from(encodeCount(2 ** 32 + 258)).toString('hex')).toBe('0000000100000102')
    const part = { number: 5, rest: 258, bytes: Buffer.from('hi') }
    const payload = Buffer.from('0000000000000005000001026869', 'hex')
    expect(decodeData(payload)).toEqual(part)
    expect(Buffer.concat([encodeDataHeader(part), part.bytes])).toEqual(payload)
  })

  it('bound the lag that a heartbeat answer reports', () => {
    expect(lag(12.4)).toEqual({ id: 3, lagMs: 12 })
    expect(lag(-5)).toEqual({ id: 3, lagMs: 0 })
    expect(lag(1e12)).toEqual({ id: 3, lagMs: 2 ** 32 - 1 })
  })
})

describe('a goodbye', () => {
  it('comes back as an error with the code that was said', () => {
    const error = farewellError('it left', decodeFarewell(encodeFarewell('DM_STOPPED', 'for tea')))
    expect(error).toMatchObject({ code: 'DM_STOPPED', message: 'it left: for tea' })
  })

  it('fits into its frame whatever the words are, and cannot forge lines of a log', () => {
    const bytes = encodeFarewell('DM_STOPPED', `\n\u001b[31m"${'\u{10ffff}漢"\\'.repeat(200)}`)
    expect(bytes.length).toBeLessThanOrEqual(closeBytesMax)
    const hostile = Buffer.from(JSON.stringify({ code: 'DM_STOPPED', reason: 'a\n\u001b[2Jb' }))
    expect(decodeFarewell(hostile).reason).toBe('a  [2Jb')
  })

  it.each(['', '{', 'null', '[]', '{"code":1,"reason":""}', '{"code":"constructor","reason":"x"}'])(
    'is still one when it reads %s',
    (words) => {
      expect(farewellError('it left', decodeFarewell(Buffer.from(words))).code).toBe(
        'DM_LINK_CLOSED',
      )
    },
  )
})

describe('a preface', () => {
  it('is six bytes', () => {
    const { bytes } = encodePreface({ min: 1, max: 3 })
    expect(Buffer.from(bytes).toString('hex')).toBe('4453434d0103')
  })

  it.each([
    [[1, 1], [1, 1], 1],
    [[1, 3], [2, 5], 3],
    [[2, 5], [1, 3], 3],
    [[1, 1], [2, 2], undefined],
    [[3, 4], [1, 2], undefined],
  ] as const)('with %j and %j leads to version %s', ([min, max], [theirMin, theirMax], common) => {
    expect(highestCommon({ min, max }, { min: theirMin, max: theirMax })).toBe(common)
  })
})
