/**
 * What the preload leaves for the bot API inside an instance.
 *
 * The two meet on a global symbol rather than on an import: the bot may load another copy of this
 * package than its manager did, and the preload always comes from the manager's copy. `version`
 * changes when this contract does.
 */
import { type InstanceIdentity, runtimeKey } from '../instances/channel/instance-channel.js'

/** What a `stopping` listener gets. */
export interface StopRequest {
  /**
   * Why, in words; `'memory'` above maxMemoryMb, `'manager-lost'` when the manager is gone, `'lease'`
   * when it has not renewed the lease.
   */
  readonly reason: string
  /** Time until SIGTERM, ms. */
  readonly timeoutMs: number
}

export interface InstanceRuntime {
  readonly version: 1
  readonly identity: InstanceIdentity
  /** Tells the manager that the bot is ready; later calls do nothing. */
  ready(): void
  /** False when the manager is gone or does not read. */
  sendEnvelope(envelope: Uint8Array): boolean
  /** Resolves when the manager has passed on what was sent, and has room for more; never rejects. */
  flushed(): Promise<void>
  /**
   * Takes over envelopes and stop requests, and keeps the process alive while the manager lives.
   * Envelopes that came before wait here (bounded by limits.channelBacklogBytesMax) and are handed
   * over at once.
   */
  attach(handlers: {
    envelope(envelope: Uint8Array): void
    /** Resolves when the bot has said its goodbyes; the instance exits then. */
    stop(request: StopRequest): Promise<void>
  }): void
}

export const runtimeSymbol: unique symbol = Symbol.for(runtimeKey)
