/** What an identified client may send, and the events that answer it. */
import { fakeDiscordBounds } from './bounds.js'
import type { ClientPayload, MemberRequest } from './client-payload.js'
import { eventOf } from './events.js'
import type { GatewayWorld, Refusal } from './gateway-rules.js'
import type { GatewaySession } from './gateway-session.js'
import { asksForAll, memberChunks } from './member-chunks.js'
import { intentBits, type ServerPayload } from './protocol.js'

type Request = Extract<ClientPayload, { kind: 'presence' | 'members' | 'voice' | 'soundboard' }>

export type RequestAnswer =
  | { readonly kind: 'events'; readonly events: readonly ServerPayload[] }
  | { readonly kind: 'refusal'; readonly refusal: Refusal }

const nothing: RequestAnswer = { kind: 'events', events: [] }

export function answerRequest(
  request: Request,
  session: GatewaySession,
  world: GatewayWorld,
): RequestAnswer {
  switch (request.kind) {
    case 'presence':
      session.presence = request.data
      world.tally.count('presenceUpdates')
      return nothing
    case 'voice':
      // Discord would answer with a voice server; there is none here, so bots do not get into voice.
      world.tally.count('voiceStateUpdates')
      return nothing
    case 'members':
      world.tally.count('memberRequests')
      return answerMembers(request.data, session, world)
    case 'soundboard':
      world.tally.count('soundboardRequests')
      return answerSoundboard(request.guildIds, session, world)
  }
}

function answerMembers(
  request: MemberRequest,
  session: GatewaySession,
  world: GatewayWorld,
): RequestAnswer {
  const { guildId } = request
  if (!world.guilds.isOn(session.shard, guildId)) return elsewhere(guildId, session.shard)
  if (asksForAll(request) && !session.hasIntent(intentBits.guildMembers)) {
    const detail = 'all members were asked for without the GUILD_MEMBERS intent'
    return { kind: 'refusal', refusal: { reason: 'members-intent-missing', detail } }
  }
  const members = world.guilds.membersOf(guildId)
  const chunks = memberChunks(request, members, session.hasIntent(intentBits.presences))
  const events = chunks.map((data) => eventOf(session, world, 'GUILD_MEMBERS_CHUNK', data))
  return { kind: 'events', events }
}

function answerSoundboard(
  guildIds: readonly string[],
  session: GatewaySession,
  world: GatewayWorld,
): RequestAnswer {
  const asked = guildIds.slice(0, fakeDiscordBounds.soundboardGuildsMax)
  const strange = asked.find((id) => !world.guilds.isOn(session.shard, id))
  if (strange !== undefined) return elsewhere(strange, session.shard)
  const events = asked.map((id) =>
    eventOf(session, world, 'SOUNDBOARD_SOUNDS', { guild_id: id, soundboard_sounds: [] }),
  )
  return { kind: 'events', events }
}

function elsewhere(guildId: string, shard: number): RequestAnswer {
  const detail = `shard ${shard} asked for guild ${guildId.slice(0, 20)}, which is not on it`
  return { kind: 'refusal', refusal: { reason: 'guild-elsewhere', detail } }
}
