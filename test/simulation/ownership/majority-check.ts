/**
 * Whether a parent that gives shards of a lost machine away sees most of the voters: the machines and
 * itself. It may count a link that broke only just now.
 */

import { limits } from '../../../src/limits.js'
import type { Link } from '../../../src/link/link.js'
import type { VirtualProcess } from './virtual-process.js'

interface Sight {
  readonly link: Pick<Link, 'isUp'>
  downAt: number
}

export class MajorityCheck {
  readonly #process: VirtualProcess
  readonly #machines = new Map<number, Sight>()

  constructor(process: VirtualProcess) {
    this.#process = process
  }

  /** A new link to the machine takes the place of the last one. */
  joined(machine: number, link: Pick<Link, 'isUp'>): void {
    this.#machines.set(machine, { link, downAt: -Infinity })
  }

  down(machine: number): void {
    const sight = this.#machines.get(machine)
    if (sight) sight.downAt = this.#process.now()
  }

  left(machine: number): void {
    this.#machines.delete(machine)
  }

  /** Shards are given away now. */
  check(): void {
    const voters = this.#machines.size + 1
    const since = this.#process.now() - limits.linkOfflineAfterMs - 1
    const seen = [...this.#machines.values()].filter(
      ({ link, downAt }) => link.isUp || downAt >= since,
    )
    if (2 * (seen.length + 1) > voters) return
    const { world } = this.#process.host
    world.problem(
      `shards are given away by a parent that sees ${seen.length} of ${voters - 1} machines`,
    )
  }
}
