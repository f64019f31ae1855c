/** Reads what a client sends: bytes in, a payload of known shape or `undefined` out. */
import { opcodes } from './protocol.js'

export interface IdentifyData {
  readonly token: string
  readonly intents: unknown
  readonly shard: unknown
  readonly largeThreshold: number
  readonly presence: unknown
}

export interface ResumeData {
  readonly token: string
  readonly sessionId: string
  readonly seq: number
}

export interface MemberRequest {
  readonly guildId: string
  /** Ids that are asked for; undefined: `query` decides. */
  readonly userIds: readonly string[] | undefined
  readonly query: string
  readonly limit: number
  readonly presences: boolean
  readonly nonce: string | undefined
}

export type ClientPayload =
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'identify'; readonly data: IdentifyData }
  | { readonly kind: 'resume'; readonly data: ResumeData }
  | { readonly kind: 'presence'; readonly data: object }
  | { readonly kind: 'members'; readonly data: MemberRequest }
  | { readonly kind: 'voice' }
  | { readonly kind: 'soundboard'; readonly guildIds: readonly string[] }
  | { readonly kind: 'unknown'; readonly op: number }

type Fields = Readonly<Record<string, unknown>>
type Reader = (d: unknown) => ClientPayload | undefined

/** Discord's own default, for clients that leave it out. */
const defaultLargeThreshold = 50

const readers: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [opcodes.heartbeat, () => ({ kind: 'heartbeat' })],
  [opcodes.identify, whenFields(readIdentify)],
  [opcodes.resume, whenFields(readResume)],
  [opcodes.presenceUpdate, whenFields((data) => ({ kind: 'presence', data }))],
  [opcodes.requestGuildMembers, whenFields(readMemberRequest)],
  [opcodes.voiceStateUpdate, whenFields(() => ({ kind: 'voice' }))],
  [opcodes.requestSoundboardSounds, whenFields(readSoundboardRequest)],
])

/** Undefined: no JSON, or not the shape that Discord documents (close code 4002). */
export function readClientPayload(text: string): ClientPayload | undefined {
  const payload = parseJson(text)
  if (!isFields(payload)) return undefined
  const { op, d } = payload
  if (typeof op !== 'number' || !Number.isInteger(op)) return undefined
  const read = readers.get(op)
  return read === undefined ? { kind: 'unknown', op } : read(d)
}

function whenFields(read: (d: Fields) => ClientPayload | undefined): Reader {
  return (d) => (isFields(d) ? read(d) : undefined)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readIdentify(d: Fields): ClientPayload | undefined {
  const { token, intents, shard, large_threshold: threshold, presence } = d
  if (typeof token !== 'string' || !isFields(d.properties)) return undefined
  const largeThreshold = typeof threshold === 'number' ? threshold : defaultLargeThreshold
  return { kind: 'identify', data: { token, intents, shard, largeThreshold, presence } }
}

function readResume(d: Fields): ClientPayload | undefined {
  const { token, session_id: sessionId, seq } = d
  if (typeof token !== 'string' || typeof sessionId !== 'string') return undefined
  if (typeof seq !== 'number' || !Number.isInteger(seq) || seq < 0) return undefined
  return { kind: 'resume', data: { token, sessionId, seq } }
}

function readMemberRequest(d: Fields): ClientPayload | undefined {
  const [guildId, ...others] = textsOf(d.guild_id)
  if (guildId === undefined || others.length > 0) return undefined
  const { query, user_ids: ids, limit = 0, nonce } = d
  if (typeof query !== 'string' && ids === undefined) return undefined
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 0) return undefined
  return {
    kind: 'members',
    data: {
      guildId,
      userIds: ids === undefined || ids === null ? undefined : textsOf(ids),
      query: typeof query === 'string' ? query : '',
      limit,
      presences: d.presences === true,
      nonce: typeof nonce === 'string' ? nonce : undefined,
    },
  }
}

function readSoundboardRequest(d: Fields): ClientPayload | undefined {
  if (!Array.isArray(d.guild_ids)) return undefined
  return { kind: 'soundboard', guildIds: textsOf(d.guild_ids) }
}

/** Discord takes one id or a list of them in most places. */
function textsOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.filter((entry) => typeof entry === 'string')
}
