import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  encodeCredit,
  encodeData,
  encodeEnd,
  RecordDecoder,
  type UdpRecord,
} from '../../../src/transport/udp-records.js'

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Joins pieces of data that belong together, to compare streams that were cut differently. */
function joined(records: readonly UdpRecord[]): string[] {
  const result: string[] = []
  for (const record of records) {
    if (record.kind !== 'data') result.push(JSON.stringify(record))
    else if (result.at(-1)?.startsWith('data ')) result.push(`${result.pop()}${hex(record.bytes)}`)
    else result.push(`data ${hex(record.bytes)}`)
  }
  return result
}

const stream = Buffer.concat([
  encodeData(Buffer.from('hi')),
  encodeCredit(262_144),
  encodeData(Buffer.from('there')),
  encodeEnd(),
  encodeCredit(1),
])

describe('records of the UDP carrier', () => {
  it('have the bytes that the protocol page shows', () => {
    const page = readFileSync(new URL('../../../docs/protocol/udp.md', import.meta.url), 'utf8')
    const lines = [...page.matchAll(/^(0[123][0-9a-f]{6})(?: ([0-9a-f]+))? {2,}/gm)]
    expect(lines.map(([, header, payload = '']) => `${header}${payload}`).join('')).toBe(
      hex(stream),
    )
  })

  it('are read the same wherever the stream is cut', () => {
    const whole = joined(new RecordDecoder().read(stream))
    expect(whole).toEqual([
      'data 6869',
      '{"kind":"credit","count":262144}',
      'data 7468657265',
      '{"kind":"end"}',
      '{"kind":"credit","count":1}',
    ])
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(stream.length)), (cuts) => {
        const decoder = new RecordDecoder()
        const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length]
        const records = places.flatMap((place, index) => [
          ...decoder.read(stream.subarray(places[index - 1] ?? 0, place)),
        ])
        expect(joined(records)).toEqual(whole)
      }),
    )
  })

  it('are copies of what was written', () => {
    const bytes = Buffer.from('before')
    const record = encodeData(bytes)
    bytes.fill('x')
    expect(Buffer.from(record).subarray(4).toString()).toBe('before')
  })

  it.each([
    ['an unknown type', '04000001'],
    ['type 0', '00000001'],
    ['no data', '01000000'],
    ['no credit', '02000000'],
    ['an end with a number', '03000001'],
    ['data after the end', '0300000001000001'],
    ['a second end', '0300000003000000'],
  ])('are refused with %s', (_, bytes) => {
    const read = () => new RecordDecoder().read(Buffer.from(bytes, 'hex'))
    expect(read).toThrow(expect.objectContaining({ code: 'DM_FRAME_INVALID' }))
  })

  it('of any bytes give records or one error, and no more data than there were bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const decoder = new RecordDecoder()
        try {
          const data = decoder.read(bytes).flatMap((one) => (one.kind === 'data' ? one.bytes : []))
          const total = data.reduce((sum, { length }) => sum + length, 0)
          expect(total).toBeLessThan(Math.max(1, bytes.length))
        } catch (error) {
          expect(error).toMatchObject({ code: 'DM_FRAME_INVALID' })
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
