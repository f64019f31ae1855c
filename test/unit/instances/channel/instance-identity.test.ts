import { describe, expect, it } from 'vitest'
import { parseIdentity } from '../../../../src/instances/channel/instance-identity.js'

const identity = {
  version: 1,
  instance: 3,
  shards: '0-31,40',
  totalShards: 256,
  machine: 'm',
  mode: 'workers',
  callTimeoutMs: 30_000,
}

describe('parseIdentity', () => {
  it('reads what a manager writes', () => {
    expect(parseIdentity(JSON.stringify(identity))).toEqual(identity)
  })

  it.each([
    ['no JSON', '{'],
    ['no object', '3'],
    ['null', 'null'],
    ['another version', JSON.stringify({ ...identity, version: 2 })],
    ['a number as text', JSON.stringify({ ...identity, instance: '3' })],
    ['a text as number', JSON.stringify({ ...identity, machine: 3 })],
    ['a mode that is none', JSON.stringify({ ...identity, mode: 'machines' })],
    ['a part missing', JSON.stringify({ ...identity, callTimeoutMs: undefined })],
  ])('refuses %s', (_name, text) => {
    expect(() => parseIdentity(text)).toThrow(
      expect.objectContaining({ code: 'DM_CHANNEL_PROTOCOL' }),
    )
  })
})
