/** One session of the fake gateway: its numbered events, and what a resume needs of them. */
import { fakeDiscordBounds } from './bounds.js'
import { opcodes, type ServerPayload } from './protocol.js'

export interface SessionStart {
  readonly id: string
  readonly shard: number
  readonly total: number
  readonly intents: number
  readonly largeThreshold: number
  readonly presence: unknown
  /** Id of the connection that identified. */
  readonly connection: number
}

/** What a test sees of a session; a snapshot. */
export interface FakeDiscordSession {
  readonly sessionId: string
  readonly shard: number
  /** The total that the bot identified with; equal to `totalShards`, as others are refused. */
  readonly total: number
  readonly intents: number
  /** As the bot last sent it, in IDENTIFY or in a presence update. */
  readonly presence: unknown
  /** Number of the last event. */
  readonly seq: number
  /** False while the connection is lost and the session waits to be resumed. */
  readonly connected: boolean
}

/** The events that a resume asks for; 'ahead' and 'lost' when there are no such events. */
export type Replay = readonly ServerPayload[] | 'ahead' | 'lost'

/** An event as text: small, and later changes of the data that it was made from do not reach it. */
interface KeptEvent {
  readonly name: string
  readonly seq: number
  readonly text: string
}

export class GatewaySession {
  readonly id: string
  readonly shard: number
  readonly intents: number
  readonly largeThreshold: number
  presence: unknown
  readonly #total: number
  readonly #events: KeptEvent[] = []
  #chars = 0
  #seq = 0
  #connection: number | undefined
  #lostAt = 0
  #isOver = false

  constructor(start: SessionStart) {
    this.id = start.id
    this.shard = start.shard
    this.intents = start.intents
    this.largeThreshold = start.largeThreshold
    this.presence = start.presence
    this.#total = start.total
    this.#connection = start.connection
  }

  /** Id of the connection that has the session; undefined while it is lost. */
  get connection(): number | undefined {
    return this.#connection
  }

  get view(): FakeDiscordSession {
    const { id, shard, intents, presence } = this
    const connected = this.#connection !== undefined
    const seq = this.#seq
    return { sessionId: id, shard, total: this.#total, intents, presence, seq, connected }
  }

  get isOver(): boolean {
    return this.#isOver
  }

  hasIntent(bit: number): boolean {
    return (this.intents & bit) !== 0
  }

  attach(connection: number): void {
    this.#connection = connection
  }

  /** The connection is lost; from `now` on the session waits to be resumed. */
  detach(now: number): void {
    this.#connection = undefined
    this.#lostAt = now
  }

  /** It cannot be resumed, and gets no more events. */
  end(): void {
    this.#connection = undefined
    this.#isOver = true
  }

  isExpired(now: number): boolean {
    return this.#connection === undefined && now - this.#lostAt > fakeDiscordBounds.resumeWindowMs
  }

  /**
   * Numbers an event and keeps it for a resume; of the events kept, the oldest make room. Throws
   * what JSON.stringify throws for data that is no JSON.
   */
  record(name: string, data: unknown): ServerPayload {
    const text = JSON.stringify(data) ?? 'null'
    this.#seq += 1
    this.#events.push({ name, seq: this.#seq, text })
    this.#chars += text.length
    this.#makeRoom()
    return { op: opcodes.dispatch, d: data, s: this.#seq, t: name }
  }

  /** What came after `seq`. */
  replayAfter(seq: number): Replay {
    if (seq > this.#seq) return 'ahead'
    const missed = this.#seq - seq
    if (missed > this.#events.length) return 'lost'
    return this.#events
      .slice(this.#events.length - missed)
      .map(({ name, seq: s, text }) => ({ op: opcodes.dispatch, d: JSON.parse(text), s, t: name }))
  }

  #makeRoom(): void {
    const { replayEventsMax, replayCharsMax } = fakeDiscordBounds
    while (this.#events.length > replayEventsMax || this.#chars > replayCharsMax) {
      this.#chars -= this.#events.shift()?.text.length ?? this.#chars
    }
  }
}
