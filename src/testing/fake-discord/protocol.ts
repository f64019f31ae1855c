/** Numbers and shapes of Discord's gateway, version 10, as its documentation has them. */

export const opcodes = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  presenceUpdate: 3,
  voiceStateUpdate: 4,
  resume: 6,
  reconnect: 7,
  requestGuildMembers: 8,
  invalidSession: 9,
  hello: 10,
  heartbeatAck: 11,
  requestSoundboardSounds: 31,
} as const

export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  /** Never sent: what a socket reports that ended without a close frame. */
  abnormal: 1006,
  unknownError: 4000,
  unknownOpcode: 4001,
  decodeError: 4002,
  notAuthenticated: 4003,
  authenticationFailed: 4004,
  alreadyAuthenticated: 4005,
  invalidSeq: 4007,
  rateLimited: 4008,
  sessionTimedOut: 4009,
  invalidShard: 4010,
  shardingRequired: 4011,
  invalidVersion: 4012,
  invalidIntents: 4013,
  disallowedIntents: 4014,
} as const

/**
 * After these a session cannot be resumed. 1000 and 1001: "your session will be invalidated"; the
 * others say of themselves that a new session is needed, or that none is to be had.
 */
const sessionEndingCodes: ReadonlySet<number> = new Set([
  closeCodes.normal,
  closeCodes.goingAway,
  closeCodes.authenticationFailed,
  closeCodes.invalidSeq,
  closeCodes.sessionTimedOut,
  closeCodes.invalidShard,
  closeCodes.shardingRequired,
  closeCodes.invalidVersion,
  closeCodes.invalidIntents,
  closeCodes.disallowedIntents,
])

/** Whether a session is over when its connection ends with this code, whoever sent it. */
export function endsSession(closeCode: number): boolean {
  return sessionEndingCodes.has(closeCode)
}

/** Codes that a close frame may hold (RFC 6455, 7.4), and 1006 for an end without one. */
export function isCloseCode(code: number): boolean {
  const isReserved = code === 1004 || code === 1005
  const isKnown = (code >= 1000 && code <= 1014) || (code >= 3000 && code <= 4999)
  return Number.isInteger(code) && isKnown && !isReserved
}

export const intentBits = { guilds: 0x1, guildMembers: 0x2, presences: 0x100 } as const

/** Bits 0 to 16, 20, 21, 24 and 25: every intent that Discord documents. */
const knownIntents = 0x1ffff | (1 << 20) | (1 << 21) | (1 << 24) | (1 << 25)

export function areKnownIntents(intents: number): boolean {
  return (intents & ~knownIntents) === 0
}

/** Versions of the gateway that Discord calls available, and 8, which still answers. */
export const gatewayVersions: readonly number[] = [8, 9, 10]

/** What the gateway sends. `s` and `t` are null unless it is a dispatch. */
export interface ServerPayload {
  readonly op: number
  readonly d: unknown
  readonly s: number | null
  readonly t: string | null
}

export function controlPayload(op: number, d: unknown): ServerPayload {
  return { op, d, s: null, t: null }
}
