/** Makes the ids of one manager and its instances. */
import type { System } from '../system/system.js'
import { makeSnowflake, managerMarker } from './snowflake.js'

export class SnowflakeSource {
  readonly #system: System
  /** discordoo takes the process id, which worker threads share; a random worker id is unique. */
  readonly #worker: number
  #increment = 0

  constructor(system: System) {
    this.#system = system
    const { buffer, byteOffset } = system.randomBytes(4)
    this.#worker = new DataView(buffer, byteOffset).getUint32(0)
  }

  /** An id that discordoo recognises as a manager's. */
  forManager(): string {
    return this.#make(managerMarker)
  }

  forInstance(instance: number): string {
    return this.#make(instance)
  }

  #make(shard: number): string {
    const timeMs = this.#system.wallClock()
    return makeSnowflake({ timeMs, worker: this.#worker, shard, increment: this.#increment++ })
  }
}
