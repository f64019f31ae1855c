import { describe, expect, it } from 'vitest'
import type { DialectSpec } from '../../../../../src/instances/dialects/dialect.js'
import {
  discordJsEnv,
  discordJsWorkerData,
} from '../../../../../src/instances/dialects/discordjs/discordjs-env.js'

const spec: DialectSpec = {
  instance: 1,
  shards: [2, 3],
  totalShards: 8,
  mode: 'processes',
  managerIpcId: '1',
  instanceIpcId: '2',
}

const variables = {
  SHARDING_MANAGER: 'true',
  SHARDING_MANAGER_MODE: 'process',
  SHARDS: '[2,3]',
  SHARD_COUNT: '8',
}

describe('the environment of a discord.js bot', () => {
  it.each([
    ['processes', 'process'],
    ['clusters', 'process'],
    ['workers', 'worker'],
  ] as const)('names several shards in one instance, in %s mode', (mode, managerMode) => {
    const expected = { ...variables, SHARDING_MANAGER_MODE: managerMode }
    expect(discordJsEnv({ ...spec, mode })).toEqual(expected)
  })

  it('names a single shard as discord.js does, without brackets', () => {
    expect(discordJsEnv({ ...spec, shards: [3] })).toEqual({ ...variables, SHARDS: '3' })
  })
})

describe('the workerData of a discord.js bot', () => {
  const inWorker = { ...variables, SHARDING_MANAGER_MODE: 'worker' }

  it.each([{ mine: 1, SHARDS: '[7]' }, Object.assign(Object.create(null), { mine: 1 })])(
    'gets the shards added where it is an object of the user',
    (data) => {
      const merged = discordJsWorkerData({ ...spec, mode: 'workers' }, data)
      expect(merged).toEqual({ mine: 1, ...inWorker })
    },
  )

  it.each([undefined, null, 'text', 7, [1], new Map(), new Date(0)])('stays %j', (data) => {
    expect(discordJsWorkerData(spec, data)).toBe(data)
  })
})
