/** Answers to REQUEST_GUILD_MEMBERS: the data of each GUILD_MEMBERS_CHUNK. */
import { fakeDiscordBounds } from './bounds.js'
import type { MemberRequest } from './client-payload.js'
import { type FakeMember, presenceOf } from './people.js'

/** A request for everybody needs the GUILD_MEMBERS intent. */
export function asksForAll({ userIds, query }: MemberRequest): boolean {
  return userIds === undefined && query === ''
}

/** At least one chunk, even when nobody was found. */
export function memberChunks(
  request: MemberRequest,
  members: readonly FakeMember[],
  seesPresences: boolean,
): Readonly<Record<string, unknown>>[] {
  const found = foundBy(request, members)
  const { chunkMembersMax } = fakeDiscordBounds
  const count = Math.max(1, Math.ceil(found.length / chunkMembersMax))
  const facts = { ...notFound(request, found), ...nonceOf(request) }
  return Array.from({ length: count }, (_, index) => {
    const part = found.slice(index * chunkMembersMax, (index + 1) * chunkMembersMax)
    const { guildId } = request
    const presences = part.map(({ user }) => presenceOf(guildId, user.id))
    return {
      guild_id: guildId,
      members: part,
      chunk_index: index,
      chunk_count: count,
      ...(request.presences && seesPresences ? { presences } : {}),
      ...facts,
    }
  })
}

function foundBy(request: MemberRequest, members: readonly FakeMember[]): readonly FakeMember[] {
  const { userIds, query, limit } = request
  const { searchedMembersMax } = fakeDiscordBounds
  if (userIds !== undefined) {
    const wanted = new Set(userIds.slice(0, searchedMembersMax))
    return members.filter(({ user }) => wanted.has(user.id))
  }
  // Discord: a limit of 0 stands for all of them, with an empty query only.
  if (query === '') return limit === 0 ? members : members.slice(0, limit)
  const prefix = query.toLowerCase()
  const max = limit === 0 ? searchedMembersMax : Math.min(limit, searchedMembersMax)
  return members.filter(({ user }) => user.username.toLowerCase().startsWith(prefix)).slice(0, max)
}

function notFound(request: MemberRequest, found: readonly FakeMember[]): object {
  if (request.userIds === undefined) return {}
  const ids = new Set(found.map(({ user }) => user.id))
  return { not_found: request.userIds.filter((id) => !ids.has(id)) }
}

function nonceOf({ nonce }: MemberRequest): object {
  if (nonce === undefined) return {}
  return Buffer.byteLength(nonce) > fakeDiscordBounds.nonceBytesMax ? {} : { nonce }
}
