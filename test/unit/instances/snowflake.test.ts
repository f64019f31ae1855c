import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeSnowflake, readSnowflake } from '../../../src/instances/snowflake.js'

describe('snowflake', () => {
  it('gives the id that discordoo gives for the same parts', () => {
    const id = makeSnowflake({
      timeMs: 1_624_754_866_109,
      worker: 543_029,
      shard: 8379,
      increment: 0,
    })
    expect(id).toBe('1183444843991979760462785602312470528')
  })

  it('reads back what it wrote', () => {
    const parts = fc.record({
      timeMs: fc.integer({ min: 1_609_459_200_000, max: 4_000_000_000_000 }),
      worker: fc.nat(0xffff_ffff),
      shard: fc.nat(0xffff_ffff),
      increment: fc.nat(4_194_301),
    })
    fc.assert(
      fc.property(parts, (given) => {
        expect(readSnowflake(makeSnowflake(given))).toEqual({ ...given })
      }),
    )
  })
})
