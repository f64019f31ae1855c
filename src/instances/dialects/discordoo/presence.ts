/** PRESENCE_UPDATE: the shards and the presence, as they can be handed to an instance. Pure. */
import { isRecord } from '../../../routing/records.js'
import type { Fields } from './packets.js'
import { idsBelow } from './packets.js'

export interface PresenceUpdate {
  /** Discord shard ids. */
  readonly shards: number[]
  readonly presence: Fields
}

/** Undefined where it makes no sense, or concerns no shard of the bot. */
export function readPresence(fields: Fields, totalShards: number): PresenceUpdate | undefined {
  const shards = idsBelow(fields.shards, totalShards)
  if (shards.length === 0 || !isRecord(fields.presence)) return undefined
  return { shards, presence: fields.presence }
}

/**
 * A presence that does no harm: without a list of activities the instance that receives it crashes,
 * unless its own options have one.
 */
export function completePresence(presence: Fields): Fields {
  return Array.isArray(presence.activities) ? presence : { ...presence, activities: [] }
}
