/** The bot, its application and the members of guilds, as Discord's API sends them. */
import { dateOf, snowflake } from './snowflakes.js'

const botMs = 210_000_000_000

/** Id of the bot and of its application, which are one number at Discord too. */
export const botId: string = snowflake(botMs, 'user')

interface FakeUser {
  readonly id: string
  readonly username: string
  readonly [field: string]: unknown
}

interface FakeApplication {
  readonly id: string
  readonly flags: number
  readonly [field: string]: unknown
}

export interface FakeMember {
  readonly user: FakeUser
  readonly [field: string]: unknown
}

/** The bot as `GET /users/@me`, READY and every guild have it. */
export const botUser: FakeUser = {
  id: botId,
  username: 'fake-bot',
  discriminator: '0000',
  global_name: null,
  avatar: null,
  banner: null,
  accent_color: null,
  bot: true,
  system: false,
  mfa_enabled: true,
  verified: true,
  email: null,
  locale: 'en-US',
  flags: 0,
  public_flags: 0,
}

/** The application as `GET /applications/@me` has it. */
export const application: FakeApplication = {
  id: botId,
  name: 'Fake bot',
  icon: null,
  description: '',
  summary: '',
  bot: botUser,
  bot_public: true,
  bot_require_code_grant: false,
  verify_key: '0'.repeat(64),
  owner: {
    id: snowflake(botMs, 'user', 1),
    username: 'owner',
    discriminator: '0',
    global_name: 'Owner',
    avatar: null,
    public_flags: 0,
  },
  team: null,
  // GATEWAY_PRESENCE, GATEWAY_GUILD_MEMBERS and GATEWAY_MESSAGE_CONTENT: privileged intents are on.
  flags: (1 << 12) | (1 << 14) | (1 << 18),
  approximate_guild_count: 0,
  redirect_uris: [],
  tags: [],
}

/** Member 0 of every guild is the bot. Names are `member-1`, `member-2`, and so on. */
export function memberOf(ms: number, index: number): FakeMember {
  const user =
    index === 0
      ? { ...botUser }
      : {
          id: memberIdOf(ms, index),
          username: `member-${index}`,
          discriminator: '0',
          global_name: `Member ${index}`,
          avatar: null,
          bot: false,
          public_flags: 0,
        }
  return {
    user,
    nick: null,
    avatar: null,
    banner: null,
    roles: [],
    joined_at: dateOf(ms),
    premium_since: null,
    deaf: false,
    mute: false,
    pending: false,
    flags: 0,
    communication_disabled_until: null,
  }
}

export function memberIdOf(ms: number, index: number): string {
  return index === 0 ? botId : snowflake(ms, 'user', index)
}

/** Everybody is online in the fake Discord. */
export function presenceOf(guildId: string, userId: string): Readonly<Record<string, unknown>> {
  return {
    user: { id: userId },
    guild_id: guildId,
    status: 'online',
    activities: [],
    client_status: { desktop: 'online' },
  }
}
