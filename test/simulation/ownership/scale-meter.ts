/** Counts what passes between a parent and its machines, and the time that the parent takes for it. */
import type { Cancel, System } from '../../../src/system/system.js'
import type { VirtualProcess } from './virtual-process.js'
import type { World } from './virtual-world.js'

export interface Figures {
  readonly messagesDown: number
  readonly messagesUp: number
  readonly megabytes: number
  /** Steps of the parent: messages and timers. */
  readonly steps: number
  readonly cpuMs: number
}

export class ScaleMeter {
  readonly world: World
  readonly system: System
  readonly #process: VirtualProcess
  #down = 0
  #up = 0
  #bytes = 0
  #steps = 0
  #cpuMs = 0

  constructor(process: VirtualProcess) {
    this.world = process.host.world
    this.#process = process
    this.system = {
      now: () => process.now(),
      machineTime: () => process.machineTime(),
      wallClock: () => process.wallClock(),
      setTimer: (delayMs, action): Cancel => process.setTimer(delayMs, () => this.#timed(action)),
      keepAlive: () => process.keepAlive(),
      random: () => process.random(),
      randomBytes: (count) => process.randomBytes(count),
    }
  }

  sent(bytes: number): void {
    this.#down += 1
    this.#bytes += bytes
  }

  received(bytes: number): void {
    this.#up += 1
    this.#bytes += bytes
  }

  /** Something that the parent does later. */
  parent(delayMs: number, action: () => void): void {
    this.world.after(delayMs, () => this.#process.post(() => this.#timed(action)))
  }

  /** What has happened since the last call. */
  take(): Figures {
    const figures = {
      messagesDown: this.#down,
      messagesUp: this.#up,
      megabytes: this.#bytes / 1024 ** 2,
      steps: this.#steps,
      cpuMs: this.#cpuMs,
    }
    this.#down = this.#up = this.#bytes = this.#steps = this.#cpuMs = 0
    return figures
  }

  #timed(action: () => void): void {
    const since = performance.now()
    action()
    this.#cpuMs += performance.now() - since
    this.#steps += 1
  }
}
