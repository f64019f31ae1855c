/** A target as it stands in an envelope: by name from an asker, narrowed by each router. */
import type { ShardRange } from '../allocator/shard-range.js'
import type { Endpoint } from './endpoint.js'

export type ResolvedTarget =
  | { readonly kind: 'all' }
  /** Ranges are ascending and do not touch each other's numbers; between routers always this. */
  | { readonly kind: 'instances'; readonly ranges: readonly ShardRange[] }
  | { readonly kind: 'shards'; readonly ranges: readonly ShardRange[] }
  | { readonly kind: 'machines'; readonly names: readonly string[] }
  /** Decimal digits of an unsigned 64-bit number. */
  | { readonly kind: 'guild'; readonly id: string }
  /** Answers and reports: to whoever asked. */
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint }
  /** SEND only: the parent manager, or the only one there is. */
  | { readonly kind: 'manager' }
  /** Set by the last hop: it arrived, and `machine` is where its source runs ('' = the parent). */
  | { readonly kind: 'delivered'; readonly machine: string }

/** Whether two targets say the same; some that mean the same say it differently. */
export function isSameTarget(one: ResolvedTarget, other: ResolvedTarget): boolean {
  switch (one.kind) {
    case 'all':
    case 'manager':
      return one.kind === other.kind
    case 'instances':
    case 'shards':
      return one.kind === other.kind && areSameRanges(one.ranges, other.ranges)
    case 'machines':
      return one.kind === other.kind && areSameNames(one.names, other.names)
    case 'guild':
      return one.kind === other.kind && one.id === other.id
    case 'endpoint':
      return one.kind === other.kind && one.endpoint === other.endpoint
    default:
      return one.kind === other.kind && one.machine === other.machine
  }
}

function areSameNames(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name, index) => name === others[index])
}

function areSameRanges(some: readonly ShardRange[], others: readonly ShardRange[]): boolean {
  if (some.length !== others.length) return false
  return some.every(({ from, to }, index) => {
    const other = others[index]
    return from === other?.from && to === other.to
  })
}
