/** Restarts of many instances, in the words of this package and of discord.js: one at a time. */
import { MachinesError } from './errors.js'
import type { RespawnAllTimes } from './modes/mail.js'
import { type Respawner, respawnAll } from './respawn-all.js'
import { checkRestart, type RestartOptions } from './restart-options.js'
import { rollingRestart } from './rolling-restart.js'
import type { Target } from './routing/target.js'
import type { System } from './system/system.js'

export interface RestartHost extends Respawner {
  /** Ids of the instances meant, ascending; throws DM_TARGET_INVALID, DM_TARGET_UNKNOWN. */
  instances(target: Target): readonly number[]
  recreate(instance: number, timeoutMs: number | undefined): Promise<void>
}

type Kind = 'restart' | 'respawnAll'

export class Restarts {
  readonly #host: RestartHost
  readonly #system: System
  #current: { readonly kind: Kind; readonly done: Promise<void> } | undefined

  constructor(host: RestartHost, system: System) {
    this.#host = host
    this.#system = system
  }

  /** Rejects with DM_STATE while a restart of either kind goes on. */
  async restart(options: RestartOptions): Promise<void> {
    const { to, timeoutMs, ...pace } = checkRestart(options)
    const ids = this.#host.instances(to)
    const one = (id: number): Promise<void> => this.#host.recreate(id, timeoutMs)
    await this.#begin('restart', () => rollingRestart(ids, one, pace, this.#system))
  }

  /** While one goes on, another call waits for the same, as their instances are the same. */
  async respawnAll(times: RespawnAllTimes): Promise<void> {
    if (this.#current?.kind === 'respawnAll') return this.#current.done
    const ids = this.#host.instances('all')
    await this.#begin('respawnAll', () => respawnAll(ids, this.#host, times, this.#system))
  }

  #begin(kind: Kind, work: () => Promise<void>): Promise<void> {
    if (this.#current !== undefined) {
      const message = `${kind}() was called while ${this.#current.kind}() is going on`
      throw new MachinesError('DM_STATE', message)
    }
    const done = work().finally(() => {
      this.#current = undefined
    })
    this.#current = { kind, done }
    return done
  }
}
