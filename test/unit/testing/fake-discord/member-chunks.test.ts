import { describe, expect, it } from 'vitest'
import type { MemberRequest } from '../../../../src/testing/fake-discord/client-payload.js'
import { Guilds } from '../../../../src/testing/fake-discord/guilds.js'
import { memberChunks } from '../../../../src/testing/fake-discord/member-chunks.js'

const guilds = new Guilds({ totalShards: 1, guildsPerShard: 1, membersPerGuild: 2_001 })
const [guildId = ''] = guilds.idsOf(0)
const members = guilds.membersOf(guildId)
const all: MemberRequest = {
  guildId,
  userIds: undefined,
  query: '',
  limit: 0,
  presences: false,
  nonce: undefined,
}

interface Chunk {
  readonly members: { user: { id: string; username: string } }[]
  readonly presences?: { user: { id: string } }[]
  readonly [field: string]: unknown
}

function chunksFor(request: Partial<MemberRequest>, seesPresences = false): Chunk[] {
  return memberChunks({ ...all, ...request }, members, seesPresences) as unknown as Chunk[]
}

describe('a request for guild members', () => {
  it('is answered in chunks of 1,000, each saying which one it is', () => {
    const chunks = chunksFor({})
    expect(chunks.map((chunk) => chunk.members.length)).toEqual([1_000, 1_000, 1])
    expect(chunks.map((chunk) => [chunk.chunk_index, chunk.chunk_count])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ])
    const ids = chunks.flatMap((chunk) => chunk.members.map(({ user }) => user.id))
    expect(new Set(ids).size).toBe(2_001)
    expect(chunks.some((chunk) => 'nonce' in chunk || 'not_found' in chunk)).toBe(false)
  })

  it('holds no more than its limit', () => {
    expect(chunksFor({ limit: 7 }).map((chunk) => chunk.members.length)).toEqual([7])
  })

  it('finds names that begin with the query, at most 100', () => {
    const [found] = chunksFor({ query: 'MEMBER-19', limit: 2 })
    expect(found?.members.map(({ user }) => user.username)).toEqual(['member-19', 'member-190'])
    expect(chunksFor({ query: 'member', limit: 500 })[0]?.members).toHaveLength(100)
    expect(chunksFor({ query: 'member' })[0]?.members).toHaveLength(100)
  })

  it('finds ids, and names those that it did not find', () => {
    const wanted = members[5]?.user.id ?? ''
    const [found] = chunksFor({ userIds: [wanted, '1234567890123456789'] })
    expect(found?.members.map(({ user }) => user.id)).toEqual([wanted])
    expect(found?.not_found).toEqual(['1234567890123456789'])
  })

  it('is answered with one chunk when nobody was found', () => {
    expect(chunksFor({ query: 'nobody' })).toMatchObject([
      { members: [], chunk_index: 0, chunk_count: 1 },
    ])
  })

  it('brings presences only to who asks for them and may see them', () => {
    expect(chunksFor({ presences: true, limit: 2 }, true)[0]?.presences).toHaveLength(2)
    expect(chunksFor({ presences: true, limit: 2 }, false)[0]).not.toHaveProperty('presences')
    expect(chunksFor({ presences: false, limit: 2 }, true)[0]).not.toHaveProperty('presences')
  })

  it('gives the nonce back unless it is longer than 32 bytes', () => {
    const nonces = ['n'.repeat(32), 'n'.repeat(33), 'é'.repeat(17)]
    const answers = nonces.map((nonce) => chunksFor({ nonce, limit: 1 })[0])
    expect(answers.map((chunk) => chunk?.nonce)).toEqual([nonces[0], undefined, undefined])
  })
})
