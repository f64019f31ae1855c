import { assert, constant, integer, property, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fakeDiscordBounds } from '../../../../src/testing/fake-discord/bounds.js'
import { Guilds } from '../../../../src/testing/fake-discord/guilds.js'
import { botId } from '../../../../src/testing/fake-discord/people.js'

const { totalShardsMax } = fakeDiscordBounds

describe('the guilds of the fake Discord', () => {
  it('have ids by which Discord puts them on their shard', () => {
    const shards = integer({ min: 1, max: totalShardsMax }).chain((total) =>
      tuple(constant(total), integer({ min: 0, max: total - 1 })),
    )
    assert(
      property(shards, ([totalShards, shard]) => {
        const guilds = new Guilds({ totalShards, guildsPerShard: 3, membersPerGuild: 1 })
        const ids = guilds.idsOf(shard)
        expect(ids.map((id) => Number((BigInt(id) >> 22n) % BigInt(totalShards)))).toEqual([
          shard,
          shard,
          shard,
        ])
        expect(ids.every((id) => guilds.isOn(shard, id))).toBe(true)
      }),
    )
  })

  it('are on one shard only', () => {
    const guilds = new Guilds({ totalShards: 3, guildsPerShard: 2, membersPerGuild: 1 })
    const ids = [0, 1, 2].flatMap((shard) => guilds.idsOf(shard))
    expect(new Set(ids).size).toBe(6)
    expect(ids.map((id) => [0, 1, 2].filter((shard) => guilds.isOn(shard, id)))).toEqual([
      [0],
      [0],
      [1],
      [1],
      [2],
      [2],
    ])
    const [first = ''] = ids
    const strangers = ['', 'x', '1', `${BigInt(first) + 1n}`, `${BigInt(first) + 6n * 2n ** 22n}`]
    expect(strangers.filter((id) => guilds.isOn(0, id))).toEqual([])
  })

  it('never share an id with a channel, a member or another guild', () => {
    const guilds = new Guilds({ totalShards: 1, guildsPerShard: 4, membersPerGuild: 100 })
    const ids = guilds.idsOf(0).flatMap((id) => {
      const { channels } = guilds.create(id, true, 250) as { channels: { id: string }[] }
      const others = guilds.membersOf(id).slice(1)
      return [id, ...channels.map((channel) => channel.id), ...others.map(({ user }) => user.id)]
    })
    expect(new Set([...ids, botId]).size).toBe(4 * (1 + 2 + 99) + 1)
  })
})

function lengths(data: Readonly<Record<string, unknown>>): object {
  return {
    members: (data.members as unknown[]).length,
    presences: (data.presences as unknown[]).length,
    large: data.large,
    member_count: data.member_count,
  }
}

describe('a GUILD_CREATE', () => {
  const guilds = new Guilds({ totalShards: 1, guildsPerShard: 1, membersPerGuild: 60 })
  const [guildId = ''] = guilds.idsOf(0)
  it('holds the bot alone for who may not see presences', () => {
    const data = guilds.create(guildId, false, 250)
    expect(lengths(data)).toEqual({ members: 1, presences: 0, large: false, member_count: 60 })
    expect(data.members).toMatchObject([{ user: { id: botId } }])
  })

  it('holds all members for who may', () => {
    const data = guilds.create(guildId, true, 60)
    expect(lengths(data)).toEqual({ members: 60, presences: 60, large: false, member_count: 60 })
  })

  it('holds the bot alone when the guild is larger than the threshold', () => {
    const data = guilds.create(guildId, true, 59)
    expect(lengths(data)).toEqual({ members: 1, presences: 1, large: true, member_count: 60 })
  })

  it('has the role that everybody has, with the id of the guild', () => {
    expect(guilds.create(guildId, true, 50).roles).toMatchObject([
      { id: guildId, name: '@everyone' },
    ])
  })
})
