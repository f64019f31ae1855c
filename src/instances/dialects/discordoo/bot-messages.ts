/** What a discordoo bot says without waiting for an answer, passed on to whom it concerns. */
import { MachinesError } from '../../../errors.js'
import { managerMarker } from '../../snowflake.js'
import type { DialectNetwork, DialectSpec } from '../dialect.js'
import type { Fields, Packet } from './packets.js'
import { Event, eventIdOf, idsBelow, Op } from './packets.js'
import { readPresence } from './presence.js'
import { words } from './words.js'

export interface BotMessagesOptions {
  readonly spec: DialectSpec
  readonly network: DialectNetwork
  /** Something that the bot said could not be passed on. */
  readonly warn: (error: MachinesError) => void
}

export class BotMessages {
  readonly #options: BotMessagesOptions

  constructor(options: BotMessagesOptions) {
    this.#options = options
  }

  /** False for a packet that makes no sense, or is none of these. */
  receive(packet: Packet): boolean {
    const { op, t, d } = packet
    if (op === Op.EMERGENCY) return this.#emergency(d)
    if (op !== Op.DISPATCH) return false
    switch (t) {
      case Event.MESSAGE:
        return this.#message(packet)
      case Event.PRESENCE_UPDATE:
        return this.#presence(d)
      case Event.REST_LIMITS_SYNC:
        return this.#restLimits(d)
      default:
        return false
    }
  }

  /** As in discordoo the sender gets it as well when it is listed, and keeps the event id. */
  #message(packet: Packet): boolean {
    const { spec, network } = this.#options
    const { message, shards } = packet.d
    const eventId = eventIdOf(packet)
    if (eventId === undefined || message === undefined || !Array.isArray(shards)) return false
    const ids = idsBelow(shards, network.instanceCount)
    const listed = idsBelow(shards, Number.POSITIVE_INFINITY)
    // The sender is who it is, whatever it says.
    const fields = { event_id: eventId, message, shards: listed, from: spec.instance }
    return this.#tell(() => {
      if (shards.includes(managerMarker)) network.messageManager(message)
      if (ids.length > 0) network.tell({ instance: ids }, words('message', fields))
    })
  }

  #presence(d: Fields): boolean {
    const { spec, network } = this.#options
    const update = readPresence(d, spec.totalShards)
    if (update === undefined) return false
    const { presence } = update
    // A bot names every shard but its own, also those that nobody serves.
    const shards = update.shards.filter((shard) => network.hasShard(shard))
    if (shards.length === 0) return false
    return this.#tell(() =>
      network.tell({ shard: shards }, words('presence', { shards, presence })),
    )
  }

  #restLimits({ success }: Fields): boolean {
    if (typeof success !== 'boolean') return false
    return this.#tell(() => this.#options.network.tell('manager', words('rest-sync', { success })))
  }

  #emergency({ op: kind, block_until: blockUntil }: Fields): boolean {
    if (!Number.isFinite(kind) || !Number.isFinite(blockUntil)) return false
    const message = words('emergency', { kind, blockUntil })
    return this.#tell(() => this.#options.network.tell('manager', message))
  }

  /** True also when it was refused: then it made sense, and an operator is told. */
  #tell(tell: () => void): boolean {
    try {
      tell()
    } catch (error) {
      this.#options.warn(asOwn(error))
    }
    return true
  }
}

function asOwn(error: unknown): MachinesError {
  if (error instanceof MachinesError) return error
  return new MachinesError('DM_INTERNAL', 'what a bot said could not be passed on', {
    cause: error,
  })
}
