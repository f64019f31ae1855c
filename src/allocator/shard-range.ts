/** Shards `from`..`to`, both ends included. */
export interface ShardRange {
  readonly from: number
  readonly to: number
}
