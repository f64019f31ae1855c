/**
 * The life of one instance, over all its incarnations. Pure: what happened and `now` in, actions
 * out.
 *
 *   stopped -> waiting -> starting -> ready -> (exit) -> backoff -> waiting ...
 *                            |          |                   |
 *                            +----------+-> stopping        +-> crash-loop, stopped
 *
 * One that is `stopping` for its memory goes to `waiting`, as does one that is wanted again meanwhile.
 * One in `waiting` whose respawn is held goes back to `backoff`.
 *
 * `starting`, `ready` and `stopping` are the phases with a live incarnation. They are left only by
 * {@link InstanceCycle.exited}, so a replacement is never launched before the exit of the one it
 * replaces was confirmed.
 */
import { type ErrorCode, MachinesError } from '../../errors.js'
import type { RespawnPolicy } from '../../options/resolved-options.js'
import { exitInWords, isSpawnLoop, summaryOf } from './exits.js'
import type { InstanceEvent, InstancePhase } from './fleet-types.js'
import type { InstanceExit, KillSignal } from './launcher.js'
import { MemoryWatch } from './memory-watch.js'
import { respawnDelayMs } from './respawn.js'

export type SupervisorAction =
  | { readonly type: 'launch'; readonly instance: number }
  | {
      readonly type: 'ask-stop'
      readonly instance: number
      readonly reason: string
      readonly timeoutMs: number
    }
  | { readonly type: 'kill'; readonly instance: number; readonly signal: KillSignal }
  | { readonly type: 'emit'; readonly event: InstanceEvent }
  /** Whoever waited for the start has their answer. */
  | { readonly type: 'start-settled'; readonly instance: number; readonly error?: MachinesError }
  /** Whoever waited for the end has their answer. */
  | { readonly type: 'down'; readonly instance: number }

export interface CyclePolicy {
  readonly startTimeoutMs: number
  readonly killTimeoutMs: number
  /** MiB; undefined: no limit. */
  readonly maxMemoryMb: number | undefined
  readonly respawn: RespawnPolicy
  /** In [0, 1), for jitter. */
  readonly random: () => number
}

/** Phases between the wish for a restart and its outcome. */
const onTheWay: ReadonlySet<InstancePhase> = new Set(['stopping', 'waiting', 'starting'])

/** Why a live incarnation is being ended: asked to, cannot get ready, or without a channel. */
type Ending = 'asked' | 'failed' | 'lost'

export class InstanceCycle {
  readonly id: number
  phase: InstancePhase = 'stopped'
  /** How often the policy started it again. */
  respawns = 0
  /** When tick() has something to do next. */
  deadline: number | undefined
  /** From the restart for its memory until it is up again, or not. */
  isRecycling = false
  /** Whether it is in `backoff` for the budget of session starts. */
  isHeld = false
  readonly #memory: MemoryWatch
  readonly #policy: CyclePolicy
  #wantedUp = false
  #awaited = false
  /** Whether the launch it waits for is the policy's own wish. */
  #isRespawn = false
  #exitsInRow = 0
  #readySince: number | undefined
  #ending: Ending | undefined
  #nextSignal: KillSignal = 'SIGTERM'

  constructor(id: number, policy: CyclePolicy) {
    this.id = id
    this.#policy = policy
    this.#memory = new MemoryWatch(policy.maxMemoryMb)
  }

  get memoryMb(): number | undefined {
    return this.#memory.memoryMb
  }

  /** Whether its launch may be put off: only the policy wants it, and nobody waits for it. */
  get mayBeHeld(): boolean {
    return this.#isRespawn && !this.#awaited
  }

  /** Whether its memory has stayed above the limit since it was ready. */
  get isTooLarge(): boolean {
    return this.phase === 'ready' && this.#memory.isAbove
  }

  /** Someone wants it to run and waits for that. Clears a crash loop and cuts a backoff short. */
  wantUp(): SupervisorAction[] {
    if (this.phase === 'ready') return [{ type: 'start-settled', instance: this.id }]
    this.#wantedUp = true
    this.#awaited = true
    if (this.phase === 'stopped' || this.phase === 'crash-loop' || this.phase === 'backoff') {
      this.#exitsInRow = 0
      this.#isRespawn = false
      this.#enter('waiting')
    }
    return []
  }

  /** Its turn has come. */
  launch(now: number): SupervisorAction[] {
    if (this.#isRespawn) this.respawns += 1
    this.#isRespawn = false
    this.#enter('starting', now + this.#policy.startTimeoutMs)
    this.#readySince = undefined
    this.#ending = undefined
    return [{ type: 'launch', instance: this.id }]
  }

  /** Its turn has come, but it may not be launched before then. */
  hold(until: number): void {
    this.#enter('backoff', until)
    this.isHeld = true
  }

  ready(now: number): SupervisorAction[] {
    if (this.phase !== 'starting') return []
    this.#enter('ready')
    this.#memory.startOver()
    this.#readySince = now
    const event: InstanceEvent = { type: 'ready', instance: this.id }
    return [{ type: 'emit', event }, ...this.#settleStart()]
  }

  /** Someone wants it down, for good until wantUp(), and waits for that. */
  stop(reason: string, now: number): SupervisorAction[] {
    const aborted = this.#settleStart(
      this.#error('DM_START_ABORTED', `instance ${this.id} was stopped while it was starting`),
    )
    this.#wantedUp = false
    switch (this.phase) {
      case 'stopped':
        return [...aborted, { type: 'down', instance: this.id }]
      case 'waiting':
      case 'backoff':
      case 'crash-loop':
        return [...aborted, ...this.#rest(), { type: 'down', instance: this.id }]
      case 'stopping':
        // It is on its way out already, but now nobody wants it back.
        this.#ending = 'asked'
        return aborted
      default:
        return [...aborted, ...this.#askStop(reason, now)]
    }
  }

  /** The bot cannot start: whoever waits learns it, and its exit counts like any other. */
  startFailed(error: MachinesError, now: number): SupervisorAction[] {
    return this.phase === 'starting' ? this.#endStart(error, now) : []
  }

  /** The channel closed although no exit was seen: it cannot be served, so it must end. */
  channelLost(now: number): SupervisorAction[] {
    if (this.phase !== 'starting' && this.phase !== 'ready') return []
    this.#end('lost', 'SIGTERM', now)
    return []
  }

  memory(memoryMb: number, now: number): SupervisorAction[] {
    if (this.phase !== 'starting' && this.phase !== 'ready') return []
    if (!this.#memory.take(memoryMb, now)) return []
    return [{ type: 'emit', event: { type: 'memory', instance: this.id, memoryMb } }]
  }

  /** Ends it as one that was asked to stop, which is no crash, and has it launched again. */
  recycle(memoryMb: number, now: number): SupervisorAction[] {
    this.isRecycling = true
    this.respawns += 1
    const limitMb = this.#policy.maxMemoryMb ?? memoryMb
    const event: InstanceEvent = { type: 'memory-limit', instance: this.id, memoryMb, limitMb }
    return [{ type: 'emit', event }, ...this.#askStop('memory', now)]
  }

  exited(exit: InstanceExit, now: number): SupervisorAction[] {
    this.#memory.clear()
    const event: InstanceEvent = { type: 'exited', instance: this.id, exit: summaryOf(exit) }
    const gone: SupervisorAction = { type: 'emit', event }
    if (this.#ending !== 'asked') return [gone, ...this.#fell(exit, now)]
    if (!this.#wantedUp) return [gone, ...this.#rest(), { type: 'down', instance: this.id }]
    this.#enter('waiting')
    return [gone, { type: 'down', instance: this.id }]
  }

  tick(now: number): SupervisorAction[] {
    if (this.deadline === undefined || now < this.deadline) return []
    switch (this.phase) {
      case 'starting':
        return this.#startTimedOut(now)
      case 'stopping':
        return this.#sendSignal(now)
      default:
        this.#isRespawn = true
        this.#enter('waiting')
        return []
    }
  }

  #enter(phase: InstancePhase, deadline?: number): void {
    this.phase = phase
    this.deadline = deadline
    // Ready, or on a way that has nothing to do with its memory any more.
    if (!onTheWay.has(phase)) this.isRecycling = false
    this.isHeld = false
  }

  #end(ending: Ending, firstSignal: KillSignal, now: number): void {
    this.#enter('stopping', now + this.#policy.killTimeoutMs)
    this.#ending = ending
    this.#nextSignal = firstSignal
  }

  #askStop(reason: string, now: number): SupervisorAction[] {
    this.#end('asked', 'SIGTERM', now)
    const timeoutMs = this.#policy.killTimeoutMs
    return [{ type: 'ask-stop', instance: this.id, reason, timeoutMs }]
  }

  #sendSignal(now: number): SupervisorAction[] {
    const signal = this.#nextSignal
    // Nothing is stronger than SIGKILL; from there on only the exit is waited for.
    this.deadline = signal === 'SIGKILL' ? undefined : now + this.#policy.killTimeoutMs
    this.#nextSignal = 'SIGKILL'
    return [{ type: 'kill', instance: this.id, signal }]
  }

  #startTimedOut(now: number): SupervisorAction[] {
    const error = this.#error(
      'DM_INSTANCE_START_TIMEOUT',
      `instance ${this.id} was not ready within ${this.#policy.startTimeoutMs} ms`,
    )
    return this.#endStart(error, now)
  }

  /** Whoever waits learns it now; the instance is ended, and its exit counts like any other. */
  #endStart(error: MachinesError, now: number): SupervisorAction[] {
    this.#end('failed', 'SIGTERM', now)
    return [this.#failed(error), ...this.#settleStart(error), ...this.#sendSignal(now)]
  }

  /** It exited without having been asked to. */
  #fell(exit: InstanceExit, now: number): SupervisorAction[] {
    const { respawn, random } = this.#policy
    if (this.#readySince === undefined && isSpawnLoop(exit)) return this.#refuseLoop()
    const wasHealthy = this.#readySince !== undefined && now - this.#readySince >= respawn.healthyMs
    this.#exitsInRow = wasHealthy ? 1 : this.#exitsInRow + 1
    if (!respawn.enabled) {
      const text = `instance ${this.id} exited before it was ready: ${exitInWords(exit)}`
      return [...this.#rest(), ...this.#giveUp(this.#error('DM_INSTANCE_EXITED', text, exit.error))]
    }
    if (this.#exitsInRow >= respawn.attemptsMax) return this.#loop(exit)
    const delayMs = respawnDelayMs(respawn, this.#exitsInRow, random())
    this.#enter('backoff', now + delayMs)
    return [{ type: 'emit', event: { type: 'respawning', instance: this.id, delayMs } }]
  }

  #loop(exit: InstanceExit): SupervisorAction[] {
    this.#enter('crash-loop')
    const exits = this.#exitsInRow
    const text = `instance ${this.id} exited ${exits} times in a row, last: ${exitInWords(exit)}`
    return [
      { type: 'emit', event: { type: 'crash-loop', instance: this.id, exits } },
      ...this.#giveUp(this.#error('DM_INSTANCE_CRASH_LOOP', text, exit.error)),
    ]
  }

  /** Its file makes a manager, and will do so the next time: no attempt more. */
  #refuseLoop(): SupervisorAction[] {
    const text = `instance ${this.id} created a ShardingManager: is \`file\` the manager file instead of the bot file?`
    return [...this.#rest(), ...this.#giveUp(this.#error('DM_SPAWN_LOOP', text))]
  }

  #rest(): SupervisorAction[] {
    this.#enter('stopped')
    return [{ type: 'emit', event: { type: 'stopped', instance: this.id } }]
  }

  #giveUp(error: MachinesError): SupervisorAction[] {
    this.#wantedUp = false
    return this.#awaited ? [this.#failed(error), ...this.#settleStart(error)] : []
  }

  #failed({ code, message }: MachinesError): SupervisorAction {
    return { type: 'emit', event: { type: 'start-failed', instance: this.id, code, message } }
  }

  #settleStart(error?: MachinesError): SupervisorAction[] {
    if (!this.#awaited) return []
    this.#awaited = false
    const settled = { type: 'start-settled', instance: this.id } as const
    return [error === undefined ? settled : { ...settled, error }]
  }

  #error(code: ErrorCode, message: string, cause?: Error): MachinesError {
    return new MachinesError(code, message, { cause, instance: this.id })
  }
}
