/**
 * The bounds of the fake Discord, each with its reason. Those of Discord are facts from its gateway
 * documentation; the others keep a test that went wrong from eating the memory of its computer.
 */
export const fakeDiscordBounds = {
  /** Discord: a larger payload of a client ends the connection with 4002. */
  payloadBytesMax: 4_096,
  /** What is read at all before a connection is cut: enough to tell a large payload from a flood. */
  frameBytesMax: 65_536,
  /** Discord: payloads of one connection in one window, heartbeats at their time left out. */
  payloadsPerWindow: 120,
  windowMs: 60_000,
  /** Discord: how many heartbeat intervals may pass without a heartbeat. */
  silentIntervalsMax: 2,
  /** Discord keeps the session of a lost connection for "a few minutes". */
  resumeWindowMs: 180_000,
  /** Events kept for a resume, of each session: more than READY and a few hundred guilds. */
  replayEventsMax: 500,
  /** Their length as JSON: some forty full chunks of members. */
  replayCharsMax: 16_777_216,
  /** Discord: members of one GUILD_MEMBERS_CHUNK, and those that a query or a list of ids finds. */
  chunkMembersMax: 1_000,
  searchedMembersMax: 100,
  /** Discord: a longer nonce is left out of the answer. */
  nonceBytesMax: 32,
  /** Guilds of one REQUEST_SOUNDBOARD_SOUNDS; 4,096 bytes hardly hold more ids. */
  soundboardGuildsMax: 200,
  /**
   * An IDENTIFY may come this part of the interval early: two messages take a different time on
   * their way, and the client measured on its side.
   */
  identifyEarlyPart: 0.05,
  /** Open WebSocket connections: more than any bot that one computer holds. */
  connectionsMax: 20_000,
  /** Bytes that wait for a client that does not read. */
  backlogBytesMax: 67_108_864,
  /** Violations that are kept with their details; `refusals` counts on. */
  violationsKept: 1_000,
  /** Different HTTP routes that are counted by name; the rest counts as one. */
  routesCounted: 200,
  totalShardsMax: 100_000,
  guildsPerShardMax: 2_500,
  membersPerGuildMax: 100_000,
} as const
