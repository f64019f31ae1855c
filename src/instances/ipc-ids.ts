/** discordoo's ids of a manager and of its instances: the same as long as the manager lives. */
import type { System } from '../system/system.js'
import { SnowflakeSource } from './snowflake-source.js'

export class IpcIds {
  readonly manager: string
  readonly #source: SnowflakeSource
  readonly #instances = new Map<number, string>()

  constructor(system: System) {
    this.#source = new SnowflakeSource(system)
    this.manager = this.#source.forManager()
  }

  instance(id: number): string {
    const known = this.#instances.get(id)
    if (known !== undefined) return known
    const made = this.#source.forInstance(id)
    this.#instances.set(id, made)
    return made
  }
}
