/** Restarts every instance, one after the other, as discord.js's `respawnAll` does. */
import type { RespawnAllTimes } from './modes/mail.js'
import { rollingRestart } from './rolling-restart.js'
import { type System, sleep } from './system/system.js'

/** Options of {@link ShardingManager.respawnAll}. */
export interface RespawnAllOptions {
  /** Time in ms between the starts of two instances. Default 5,000, as in discord.js. */
  readonly shardDelayMs?: number
  /** Time in ms between the end of an instance and its start. Default 500. */
  readonly respawnDelayMs?: number
  /** Longest time in ms until an instance is ready. Default 30,000. */
  readonly timeoutMs?: number
}

export const respawnAllDefaults: RespawnAllTimes = {
  shardDelayMs: 5_000,
  respawnDelayMs: 500,
  timeoutMs: 30_000,
}

export interface Respawner {
  kill(instance: number): Promise<void>
  create(instance: number, timeoutMs: number | undefined): Promise<void>
}

/** Rejects with what the first instance that did not come back says; the others are left alone. */
export async function respawnAll(
  instances: readonly number[],
  respawner: Respawner,
  { shardDelayMs, respawnDelayMs, timeoutMs }: RespawnAllTimes,
  system: System,
): Promise<void> {
  const last = instances.at(-1)
  // discord.js counts the time from start to start, so it runs beside the restart.
  const inTurn = async (id: number): Promise<void> => {
    await Promise.all([respawn(id), id === last ? undefined : sleep(system, shardDelayMs)])
  }
  await rollingRestart(instances, inTurn, { concurrency: 1, delayMs: 0 }, system)

  async function respawn(id: number): Promise<void> {
    await respawner.kill(id)
    await sleep(system, respawnDelayMs)
    await respawner.create(id, timeoutMs)
  }
}
