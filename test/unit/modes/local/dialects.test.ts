import { describe, expect, it } from 'vitest'
import { candidatesFor, dialectEnv, mayBe } from '../../../../src/modes/local/dialects.js'

const spec = {
  instance: 3,
  shards: [6, 7],
  totalShards: 16,
  mode: 'clusters',
  managerIpcId: '11',
  instanceIpcId: '22',
} as const

const discordoo = {
  SHARDING_MANAGER_IPC: '11',
  SHARDING_INSTANCE_IPC: '22',
  SHARDING_INSTANCE: '3',
}
const discordJs = {
  SHARDING_MANAGER: 'true',
  SHARDING_MANAGER_MODE: 'process',
  SHARDS: '[6,7]',
  SHARD_COUNT: '16',
}

describe('the dialect option', () => {
  it.each([
    ['auto', { ...discordoo, ...discordJs }, ['discordoo', 'discord.js']],
    ['discordoo', discordoo, ['discordoo']],
    ['discord.js', discordJs, ['discord.js']],
    ['native', {}, []],
  ] as const)('%s gives bots what they look for, and no more', (option, env, names) => {
    expect(dialectEnv(option, spec)).toEqual(env)
    expect(Object.keys(candidatesFor(option))).toEqual(names)
    const listened = (['discordoo', 'discord.js'] as const).filter((name) => mayBe(option, name))
    expect(listened).toEqual(names)
  })
})
