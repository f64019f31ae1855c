/** The guilds of the fake Discord, made on demand from their number: nothing is stored. */
import { botId, type FakeMember, memberIdOf, memberOf, presenceOf } from './people.js'
import { dateOf, guildMs, msOf, snowflake } from './snowflakes.js'

export interface GuildRules {
  readonly totalShards: number
  readonly guildsPerShard: number
  /** Members of each guild; the bot is one of them. */
  readonly membersPerGuild: number
}

type Json = Readonly<Record<string, unknown>>

export class Guilds {
  readonly #rules: GuildRules

  constructor(rules: GuildRules) {
    this.#rules = rules
  }

  /** Ids of the guilds of a shard: `(id >> 22) % totalShards === shard`. */
  idsOf(shard: number): string[] {
    const { guildsPerShard, totalShards } = this.#rules
    return Array.from({ length: guildsPerShard }, (_, index) =>
      snowflake(guildMs(shard, index, totalShards), 'guild'),
    )
  }

  /** Whether the guild exists and belongs to the shard. */
  isOn(shard: number, guildId: string): boolean {
    const ms = msOf(guildId)
    if (ms === undefined || guildId !== snowflake(ms, 'guild')) return false
    const { guildsPerShard, totalShards } = this.#rules
    const index = (ms - guildMs(shard, 0, totalShards)) / totalShards
    return Number.isInteger(index) && index >= 0 && index < guildsPerShard
  }

  /** All members of a guild that exists, the bot first. */
  membersOf(guildId: string): FakeMember[] {
    const ms = msOf(guildId) ?? 0
    return Array.from({ length: this.#rules.membersPerGuild }, (_, index) => memberOf(ms, index))
  }

  /**
   * The data of GUILD_CREATE. Members other than the bot are in it as Discord has it: only for who
   * may see presences, and only when there are no more of them than the threshold of the IDENTIFY.
   */
  create(guildId: string, seesPresences: boolean, largeThreshold: number): Json {
    const ms = msOf(guildId) ?? 0
    const { membersPerGuild } = this.#rules
    const isLarge = membersPerGuild > largeThreshold
    const members = seesPresences && !isLarge ? this.membersOf(guildId) : [memberOf(ms, 0)]
    return {
      ...settings(guildId, ms),
      owner_id: membersPerGuild > 1 ? memberIdOf(ms, 1) : botId,
      joined_at: dateOf(ms),
      large: isLarge,
      unavailable: false,
      member_count: membersPerGuild,
      members,
      presences: seesPresences ? members.map(({ user }) => presenceOf(guildId, user.id)) : [],
      channels: [textChannel(guildId, ms), voiceChannel(guildId, ms)],
      roles: [everyoneRole(guildId)],
      emojis: [],
      stickers: [],
      threads: [],
      voice_states: [],
      stage_instances: [],
      guild_scheduled_events: [],
      soundboard_sounds: [],
    }
  }
}

/** What a guild says of itself, lists and numbers of members left out. */
function settings(guildId: string, ms: number): Json {
  return {
    id: guildId,
    name: `Guild ${guildId}`,
    icon: null,
    icon_hash: null,
    splash: null,
    discovery_splash: null,
    banner: null,
    description: null,
    application_id: null,
    region: 'deprecated',
    afk_channel_id: null,
    afk_timeout: 300,
    system_channel_id: snowflake(ms, 'channel'),
    system_channel_flags: 0,
    rules_channel_id: null,
    public_updates_channel_id: null,
    safety_alerts_channel_id: null,
    widget_enabled: false,
    widget_channel_id: null,
    verification_level: 1,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    mfa_level: 0,
    nsfw: false,
    nsfw_level: 0,
    features: [],
    preferred_locale: 'en-US',
    premium_tier: 0,
    premium_subscription_count: 0,
    premium_progress_bar_enabled: false,
    max_members: 500_000,
    max_presences: null,
    max_video_channel_users: 25,
    max_stage_video_channel_users: 50,
    vanity_url_code: null,
    hub_type: null,
    incidents_data: null,
    inventory_settings: null,
    latest_onboarding_question_id: null,
    lazy: true,
    version: ms,
  }
}

/** Its id is that of the guild: that is how libraries find the role that everybody has. */
function everyoneRole(guildId: string): Json {
  return {
    id: guildId,
    name: '@everyone',
    // View channels, send messages, and what else a new guild gives everybody.
    permissions: '2248473465835073',
    position: 0,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    managed: false,
    mentionable: false,
    icon: null,
    unicode_emoji: null,
    flags: 0,
  }
}

function textChannel(guildId: string, ms: number): Json {
  return {
    ...channelBase(snowflake(ms, 'channel'), guildId),
    type: 0,
    name: 'general',
    topic: null,
    default_thread_rate_limit_per_user: 0,
  }
}

function voiceChannel(guildId: string, ms: number): Json {
  return {
    ...channelBase(snowflake(ms, 'channel', 1), guildId),
    type: 2,
    name: 'Voice',
    bitrate: 64_000,
    user_limit: 0,
    rtc_region: null,
    video_quality_mode: 1,
  }
}

function channelBase(id: string, guildId: string): Json {
  return {
    id,
    guild_id: guildId,
    position: 0,
    permission_overwrites: [],
    parent_id: null,
    nsfw: false,
    rate_limit_per_user: 0,
    last_message_id: null,
    flags: 0,
  }
}
