/** Events of the fake gateway that belong to a session: numbered, counted, kept for a resume. */
import type { GatewayWorld } from './gateway-rules.js'
import type { GatewaySession } from './gateway-session.js'
import { application, botUser } from './people.js'
import { intentBits, type ServerPayload } from './protocol.js'

/** Makes an event of the session. It is for the caller to send it, if there is a connection. */
export function eventOf(
  session: GatewaySession,
  world: GatewayWorld,
  name: string,
  data: unknown,
): ServerPayload {
  const payload = session.record(name, data)
  world.tally.count('dispatches')
  return payload
}

/** READY names the guilds; each comes later, with a GUILD_CREATE of its own. */
export function readyEvent(session: GatewaySession, world: GatewayWorld): ServerPayload {
  const { rules, guilds } = world
  return eventOf(session, world, 'READY', {
    v: 10,
    user: botUser,
    guilds: guilds.idsOf(session.shard).map((id) => ({ id, unavailable: true })),
    session_id: session.id,
    session_type: 'normal',
    resume_gateway_url: rules.resumeUrl,
    shard: [session.shard, rules.totalShards],
    application: { id: application.id, flags: application.flags },
    private_channels: [],
    relationships: [],
    presences: [],
    user_settings: {},
    geo_ordered_rtc_regions: [],
    guild_join_requests: [],
    _trace: [],
  })
}

/** The guilds that a new session is told of: none without the GUILDS intent. */
export function guildsToSend(session: GatewaySession, world: GatewayWorld): string[] {
  return session.hasIntent(intentBits.guilds) ? world.guilds.idsOf(session.shard) : []
}

export function guildCreateEvent(
  session: GatewaySession,
  world: GatewayWorld,
  guildId: string,
): ServerPayload {
  const seesPresences = session.hasIntent(intentBits.presences)
  const data = world.guilds.create(guildId, seesPresences, session.largeThreshold)
  return eventOf(session, world, 'GUILD_CREATE', data)
}
