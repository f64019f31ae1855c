import { describe, expect, it } from 'vitest'
import { nearest } from '../../../src/options/suggestions.js'

describe('nearest', () => {
  const known = ['mode', 'file', 'shards', 'shardsPerInstance', 'totalShards']

  it.each([
    ['Mode', 'mode'],
    ['modes', 'mode'],
    ['moed', 'mode'],
    ['flie', 'file'],
    ['shard', 'shards'],
    ['sahrds', 'shards'],
    ['shardsperinstanse', 'shardsPerInstance'],
    ['totalShrads', 'totalShards'],
  ])('takes %s for %s', (name, meant) => {
    expect(nearest(name, known)).toBe(meant)
  })

  it.each(['x', 'token', '', 'shards'.repeat(50)])('takes %j for nothing known', (name) => {
    expect(nearest(name, known)).toBeUndefined()
  })
})
