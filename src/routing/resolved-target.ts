/** A target as it stands in an envelope: still by name from a bot, by endpoint between routers. */
import type { ShardRange } from '../allocator/shard-range.js'
import type { Endpoint } from './endpoint.js'

export type ResolvedTarget =
  | { readonly kind: 'all' }
  | { readonly kind: 'instances'; readonly ranges: readonly ShardRange[] }
  | { readonly kind: 'shards'; readonly ranges: readonly ShardRange[] }
  | { readonly kind: 'machines'; readonly names: readonly string[] }
  | { readonly kind: 'guild'; readonly id: string }
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint }
