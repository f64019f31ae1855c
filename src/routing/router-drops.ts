/** What a router dropped, by reason: nothing disappears without being counted. */
import { lazyDebug } from '../system/lazy-debug.js'

const debug = lazyDebug('discordoo:machines:router')

export interface DropCounts {
  /** The header makes no sense. */
  readonly invalid: number
  /** Of a kind that this sender may not send. */
  readonly forbidden: number
  /** The source does not run behind the link that it came by: a lie, or it was moved since. */
  readonly spoofed: number
  /** An answer nobody waits for: too late, a second one, or never asked for. */
  readonly late: number
  /** A call under a number whose former call is still open. */
  readonly duplicate: number
  /** Between routers: for instances that are not in this router's plan. */
  readonly unknownTarget: number
  /** An answer or report whose addressee is out of reach. */
  readonly unreachable: number
}

export type DropReason = keyof DropCounts

export class RouterDrops {
  readonly #counts: Record<DropReason, number> = {
    invalid: 0,
    forbidden: 0,
    spoofed: 0,
    late: 0,
    duplicate: 0,
    unknownTarget: 0,
    unreachable: 0,
  }

  count(reason: DropReason): void {
    this.#counts[reason] += 1
    debug('dropped an envelope: %s', reason)
  }

  snapshot(): DropCounts {
    return { ...this.#counts }
  }
}
