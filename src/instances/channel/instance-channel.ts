/**
 * The local channel between a manager and one instance: whole frames of one op byte and a payload,
 * in order. Two carriers implement it on both sides: a socket pair on an extra file descriptor
 * (processes, clusters) and a MessagePort (workers).
 */

/** Instance to manager. */
export const InstanceOp = {
  /** The preload runs: JSON `{ pid, node }`. */
  HELLO: 1,
  /** The bot is ready: no payload. */
  READY: 2,
  /** A routed envelope. */
  ENVELOPE: 3,
  /** The bot has said its goodbyes and is about to exit: no payload. */
  GOODBYE: 4,
  /** Is there room for more? Answered by FLUSHED; one at a time: no payload. */
  FLUSH: 5,
  /** The bot has loaded `discordoo-machines/bot`, which reads envelopes from now on: no payload. */
  ATTACHED: 6,
  /** How much memory the instance takes: see memory-report.ts. */
  MEMORY: 7,
} as const
export type InstanceOp = (typeof InstanceOp)[keyof typeof InstanceOp]

/** Manager to instance. */
export const ManagerOp = {
  /** A routed envelope. */
  ENVELOPE: 3,
  /** Please stop: JSON `{ reason, timeoutMs }`. */
  STOP: 16,
  /** All that came before FLUSH was passed on, and links have room for more: no payload. */
  FLUSHED: 17,
  /** Until when the instance may run: see lease-notice.ts. */
  LEASE: 18,
} as const
export type ManagerOp = (typeof ManagerOp)[keyof typeof ManagerOp]

export interface ChannelEvents {
  /** One frame. `payload` may be a view on a larger buffer: copy what must outlive the call. */
  frame(op: number, payload: Uint8Array): void
  /** The other side is gone or spoke nonsense; emitted once, last. */
  close(error?: Error): void
}

export interface InstanceChannel {
  /** Set before the first turn of the event loop ends, so that no frame is missed. */
  events: ChannelEvents
  /**
   * False when the channel is closed or its backlog is full (limits.channelBacklogBytesMax). Vital
   * frames, small ones that manager and instance exchange themselves, may use a little more.
   */
  send(op: number, payload?: Uint8Array, importance?: 'normal' | 'vital'): boolean
  /** Closes after what was sent has been handed to the system. */
  close(): void
  /** Whether an open channel keeps the process alive. */
  ref(): void
  unref(): void
}

/** What an instance learns from its environment (variable DISCORDOO_MACHINES_INSTANCE, JSON). */
export interface InstanceIdentity {
  readonly version: 1
  readonly instance: number
  /** As ranges, `0-31,40`. */
  readonly shards: string
  readonly totalShards: number
  readonly machine: string
  readonly mode: 'processes' | 'workers' | 'clusters'
  /** Default deadline of calls, ms. */
  readonly callTimeoutMs: number
}

export const identityVariable = 'DISCORDOO_MACHINES_INSTANCE'

/** `Symbol.for` this, on `globalThis` of an instance: the runtime that the preload leaves there. */
export const runtimeKey = 'discordoo-machines.instance-runtime'
