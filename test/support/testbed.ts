/** Several managers in this process, each with a state folder of its own, all stopped at the end. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type MachinesShardingOptions,
  type ShardingMachineOptions,
  ShardingManager,
  type ShardingManagerOptions,
} from '../../dist/index.js'

export const nativeBot: string = join(import.meta.dirname, '../fixtures/bots/native.js')

/** Fast enough for tests: a crash loop after two exits, short waits. */
const hasty = {
  killTimeoutMs: 2_000,
  respawn: { delayMs: 50, delayMsMax: 100, attemptsMax: 2, healthyMs: 60_000 },
  output: 'ignore',
} as const satisfies Partial<ShardingManagerOptions>

type Extra = Partial<MachinesShardingOptions>

export class Testbed {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'discordoo-machines-bed-'))
  readonly managers: ShardingManager[] = []
  #count = 0

  /** A child that listens on a free port of 127.0.0.1. */
  async child(machines: Extra = {}, options: Partial<ShardingManagerOptions> = {}) {
    const manager = this.make({
      file: nativeBot,
      ...hasty,
      ...options,
      machines: { me: 'child', ipc: { networkHost: '127.0.0.1', networkPort: 0 }, ...machines },
    })
    return manager.start()
  }

  /** A parent that is not started yet. */
  parent(points: readonly ShardingMachineOptions[], machines: Extra = {}): ShardingManager {
    return this.make({ machines: { me: 'parent', points, ...machines } })
  }

  make(options: Partial<ShardingManagerOptions>): ShardingManager {
    this.#count += 1
    const stateDir = join(this.folder, `state-${this.#count}`)
    const manager = new ShardingManager({
      mode: 'machines',
      signals: 'ignore',
      ...options,
      ...(options.machines ? { machines: { stateDir, ...options.machines } } : {}),
    })
    // Warnings are looked at where a test is about them; elsewhere they are only noise.
    manager.on('warning', () => {})
    this.managers.push(manager)
    return manager
  }

  /** Stops everything, parents first. */
  async close(): Promise<void> {
    for (const manager of this.managers.toReversed()) await manager.stop('the test is over')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The point of a child of this process. */
export function pointOf(
  child: ShardingManager,
  childManagerOptions: NonNullable<ShardingMachineOptions['childManagerOptions']>,
  more: Partial<ShardingMachineOptions> = {},
): ShardingMachineOptions {
  const { host = '', port = 0 } = child.address ?? {}
  return { host, port, childManagerOptions, ...more }
}
