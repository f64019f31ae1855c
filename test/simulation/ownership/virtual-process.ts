/**
 * A process on a virtual machine, with its own view of time (`System`).
 *
 * A suspended process (SIGSTOP) does nothing: its timers and whatever reaches it wait, and come all at
 * once afterwards, timers first or messages first. One that is killed is gone with all it knew.
 */
import type { Cancel, System } from '../../../src/system/system.js'
import type { VirtualHost } from './virtual-host.js'

interface Waiting {
  /** By the monotonic clock; undefined for what comes from outside. */
  readonly due: number | undefined
  action: (() => void) | undefined
}

export type Death = 'exit' | 'kill' | 'power'

export class VirtualProcess implements System {
  readonly host: VirtualHost
  readonly name: string
  readonly #onGone: () => void
  readonly #deathHooks = new Set<(death: Death) => void>()
  readonly #continueHooks: (() => void)[] = []
  #waiting: Waiting[] = []
  #isAlive = true
  #isSuspended = false
  /** How much of what waited is still to be taken in. */
  #backlog = 0

  constructor(host: VirtualHost, name: string, onGone: () => void) {
    this.host = host
    this.name = name
    this.#onGone = onGone
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get isSuspended(): boolean {
    return this.#isSuspended
  }

  now(): number {
    return this.host.monotonic()
  }

  machineTime(): number {
    return this.host.machineTime()
  }

  wallClock(): number {
    return this.host.wallClock()
  }

  random(): number {
    return this.host.world.random()
  }

  randomBytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.host.world.pick(256))
  }

  keepAlive(): Cancel {
    return () => {}
  }

  setTimer(delayMs: number, action: () => void): Cancel {
    // As Node's timers, which know no shorter time.
    const delay = Math.max(1, delayMs)
    const entry: Waiting = { due: this.now() + delay, action }
    this.host.world.after(this.host.toWorld(delay), () => this.#enter(entry))
    return () => {
      entry.action = undefined
    }
  }

  /** Something from outside: it is taken in at once, or as soon as the process goes on. */
  post(action: () => void): void {
    const entry = { due: undefined, action }
    // Behind what came before it.
    if (this.#backlog > 0) this.host.world.after(0, () => this.#enter(entry))
    else this.#enter(entry)
  }

  /** Called once when the process is gone; undone by the function returned. */
  onDeath(hook: (death: Death) => void): Cancel {
    this.#deathHooks.add(hook)
    return () => this.#deathHooks.delete(hook)
  }

  /** As a listener of SIGCONT: called whenever the process goes on after a suspension. */
  onContinue(action: () => void): void {
    this.#continueHooks.push(action)
  }

  /** Calls back when all that waits for this process now was taken in. */
  afterTurn(action: () => void): void {
    const { world } = this.host
    world.after(0, () => world.after(0, () => this.post(action)))
  }

  suspend(): void {
    this.#isSuspended = true
  }

  resume(): void {
    if (!this.#isSuspended) return
    this.#isSuspended = false
    const signals = this.#continueHooks.map((action) => ({ due: undefined, action }))
    // The signal is one more thing to be read, before the rest or after it.
    if (this.host.world.chance(0.5)) this.#waiting.unshift(...signals)
    else this.#waiting.push(...signals)
    this.catchUp()
  }

  /** Takes in what waited, if it runs again. */
  catchUp(): void {
    if (!this.#isRunning) return
    const waiting = this.#waiting
    this.#waiting = []
    const timers = waiting.filter(({ due }) => due !== undefined)
    timers.sort((one, other) => (one.due ?? 0) - (other.due ?? 0))
    const rest = waiting.filter(({ due }) => due === undefined)
    const { world } = this.host
    const ordered = world.chance(0.5) ? [...timers, ...rest] : [...rest, ...timers]
    this.#backlog += ordered.length
    for (const entry of ordered) {
      world.after(0, () => {
        this.#backlog -= 1
        this.#enter(entry)
      })
    }
  }

  die(death: Death): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    this.#waiting = []
    this.#onGone()
    for (const hook of this.#deathHooks) hook(death)
    this.#deathHooks.clear()
  }

  get #isRunning(): boolean {
    return this.#isAlive && !this.#isSuspended && !this.host.isAsleep
  }

  #enter(entry: Waiting): void {
    const { action, due } = entry
    if (action === undefined || !this.#isAlive) return
    // The machine slept meanwhile, and its clock with it.
    const early = due === undefined ? 0 : due - this.now()
    if (early > 0.001) this.host.world.after(this.host.toWorld(early), () => this.#enter(entry))
    else if (this.#isRunning) {
      entry.action = undefined
      action()
    } else this.#waiting.push(entry)
  }
}
