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
