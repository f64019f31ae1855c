/**
 * One WebSocket connection of the fake gateway, as a state machine: what the client sends and `now`
 * go in, what is to be sent comes out. It owns no socket and no timer.
 *
 *     hello --IDENTIFY/RESUME--> live --op 9--> hello            any --close--> closed
 *
 * Heartbeats are answered in every state but the last, as clients that wait for their turn to
 * IDENTIFY send them already.
 */
import { fakeDiscordBounds } from './bounds.js'
import { type ClientPayload, type ResumeData, readClientPayload } from './client-payload.js'
import { eventOf, readyEvent } from './events.js'
import { type GatewayWorld, isTokenRight, type Refusal, refuse } from './gateway-rules.js'
import type { GatewaySession } from './gateway-session.js'
import { type Identity, judgeIdentify } from './judge-identify.js'
import { PayloadWindow } from './payload-window.js'
import { controlPayload, endsSession, opcodes, type ServerPayload } from './protocol.js'
import { answerRequest } from './requests.js'

export type GatewayAction =
  | { readonly kind: 'send'; readonly payload: ServerPayload }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  /** A session that another connection holds was resumed here: that one is to be closed. */
  | { readonly kind: 'displace'; readonly connection: number }
  /** A session has begun, and its guilds are to be sent. */
  | { readonly kind: 'guilds'; readonly session: GatewaySession }

export class GatewayConnection {
  readonly id: number
  readonly #world: GatewayWorld
  readonly #window: PayloadWindow
  #heardAt: number
  #session: GatewaySession | undefined
  #isClosed = false

  constructor(id: number, world: GatewayWorld, now: number) {
    this.id = id
    this.#world = world
    this.#heardAt = now
    this.#window = new PayloadWindow(world.rules.heartbeatIntervalMs)
  }

  /** HELLO. */
  open(): GatewayAction[] {
    const { heartbeatIntervalMs } = this.#world.rules
    return sends(controlPayload(opcodes.hello, { heartbeat_interval: heartbeatIntervalMs }))
  }

  /** What the client sent, as text; `bytes` is its length on the wire. */
  receive(text: string, bytes: number, now: number): GatewayAction[] {
    if (this.#isClosed) return []
    if (bytes > fakeDiscordBounds.payloadBytesMax) {
      return this.refuse({ reason: 'payload-too-large', detail: `${bytes} bytes` }, now)
    }
    const payload = readClientPayload(text)
    if (!this.#window.admits(payload?.kind === 'heartbeat', now)) {
      const { payloadsPerWindow, windowMs } = fakeDiscordBounds
      const detail = `more than ${payloadsPerWindow} payloads in ${windowMs} ms`
      return this.refuse({ reason: 'rate-limited', detail }, now)
    }
    if (payload === undefined) {
      const detail = 'a payload is no JSON, or does not have the shape of its opcode'
      return this.refuse({ reason: 'payload-undecodable', detail }, now)
    }
    return this.#answer(payload, now)
  }

  /** When the connection ends unless a heartbeat has come by then. */
  get silentUntil(): number {
    const { heartbeatIntervalMs } = this.#world.rules
    return this.#heardAt + fakeDiscordBounds.silentIntervalsMax * heartbeatIntervalMs
  }

  /** To be called at `silentUntil`. */
  checkHeartbeat(now: number): GatewayAction[] {
    if (this.#isClosed || now < this.silentUntil) return []
    const detail = `no heartbeat for ${Math.round(now - this.#heardAt)} ms`
    return this.refuse({ reason: 'heartbeats-missing', detail }, now)
  }

  /** The gateway ends the connection by itself. */
  close(code: number, reason: string, now: number): GatewayAction[] {
    if (this.#isClosed) return []
    this.closed(code, now)
    return [{ kind: 'close', code, reason }]
  }

  /** The connection is gone, with this code. Its session waits to be resumed, or is over. */
  closed(code: number, now: number): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#letGo(!endsSession(code), now)
  }

  /** Op 9: the client has to RESUME, or where `resumable` is false to IDENTIFY again. */
  invalidate(resumable: boolean, now: number): GatewayAction[] {
    if (this.#isClosed) return []
    this.#letGo(resumable, now)
    return sends(controlPayload(opcodes.invalidSession, resumable))
  }

  /** Counts what the client did wrong and answers as Discord does. */
  refuse(refusal: Refusal, now: number): GatewayAction[] {
    const shard = refusal.shard ?? this.#session?.shard
    const { reason, detail } = refusal
    const known = shard === undefined ? { reason, detail } : { reason, detail, shard }
    const answer = refuse(this.#world, known, now)
    if (answer.kind === 'close') return this.close(answer.code, reason, now)
    return answer.kind === 'invalid-session' ? this.invalidate(false, now) : []
  }

  #answer(payload: ClientPayload, now: number): GatewayAction[] {
    if (payload.kind === 'heartbeat') return this.#beat(now)
    if (payload.kind === 'unknown') {
      return this.refuse({ reason: 'opcode-unknown', detail: `op ${payload.op}` }, now)
    }
    if (payload.kind === 'identify' || payload.kind === 'resume') {
      return this.#authenticate(payload, now)
    }
    if (this.#session === undefined) {
      const detail = `a ${payload.kind} payload came before IDENTIFY`
      return this.refuse({ reason: 'not-identified', detail }, now)
    }
    const answer = answerRequest(payload, this.#session, this.#world)
    return answer.kind === 'refusal' ? this.refuse(answer.refusal, now) : sends(...answer.events)
  }

  #beat(now: number): GatewayAction[] {
    this.#heardAt = now
    this.#world.tally.count('heartbeats')
    return sends(controlPayload(opcodes.heartbeatAck, null))
  }

  #authenticate(
    payload: Extract<ClientPayload, { kind: 'identify' | 'resume' }>,
    now: number,
  ): GatewayAction[] {
    if (this.#session !== undefined) {
      const detail = `a second ${payload.kind.toUpperCase()} on one connection`
      return this.refuse({ reason: 'already-identified', detail }, now)
    }
    if (payload.kind === 'resume') return this.#resume(payload.data, now)
    const verdict = judgeIdentify(payload.data, this.#world, now)
    if (!verdict.ok) return this.refuse(verdict.refusal, now)
    const { largeThreshold, presence } = payload.data
    return this.#identify({ ...verdict.identity, largeThreshold, presence }, now)
  }

  #identify(
    identity: Identity & { readonly largeThreshold: number; readonly presence: unknown },
    now: number,
  ): GatewayAction[] {
    const { sessions, starts, tally } = this.#world
    const session = sessions.open({ ...identity, connection: this.id })
    this.#session = session
    starts.started(session.shard, now)
    tally.countIdentify(session.shard)
    return [...sends(readyEvent(session, this.#world)), { kind: 'guilds', session }]
  }

  #resume({ token, sessionId, seq }: ResumeData, now: number): GatewayAction[] {
    const { rules, sessions, tally } = this.#world
    if (!isTokenRight(token, rules.token)) {
      return this.refuse({ reason: 'token-wrong', detail: 'RESUME holds a wrong token' }, now)
    }
    const session = sessions.find(sessionId, now)
    if (session === undefined) {
      return this.refuse({ reason: 'session-unknown', detail: 'no such session to resume' }, now)
    }
    const { shard, connection: before } = session
    const replay = session.replayAfter(seq)
    if (replay === 'ahead') {
      const detail = `seq ${seq} was not reached yet`
      return this.refuse({ reason: 'seq-invalid', shard, detail }, now)
    }
    if (replay === 'lost') {
      const detail = `events after seq ${seq} are not kept any more`
      return this.refuse({ reason: 'replay-lost', shard, detail }, now)
    }
    this.#session = session
    session.attach(this.id)
    tally.count('resumes')
    const displaced: GatewayAction[] =
      before === undefined ? [] : [{ kind: 'displace', connection: before }]
    const resumed = eventOf(session, this.#world, 'RESUMED', { _trace: [] })
    return [...displaced, ...sends(...replay, resumed)]
  }

  /** Parts with the session, unless another connection has it by now. */
  #letGo(resumable: boolean, now: number): void {
    const session = this.#session
    this.#session = undefined
    if (session === undefined || session.connection !== this.id) return
    session.detach(now)
    if (!resumable) this.#world.sessions.end(session)
  }
}

function sends(...payloads: readonly ServerPayload[]): GatewayAction[] {
  return payloads.map((payload) => ({ kind: 'send', payload }))
}
