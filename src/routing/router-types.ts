/** The seam between routing and what carries envelopes. */
import type { MachinesError } from '../errors.js'
import type { Endpoint } from './endpoint.js'

/**
 * Whether an envelope was taken. False: its next hop cannot be reached now. `'full'`: it can, but too
 * much waits for it already, and only this keeps one slow machine from filling the memory of others.
 */
export type Taken = boolean | 'full'

/**
 * Takes one encoded envelope to its next hop: an instance, a machine, the parent, or a requester in
 * this very process. What is not taken the router reports: `offline`, for DM_OFFLINE or
 * DM_LINK_BACKLOG.
 *
 * The bytes may be shared with other ports and may be a view on a larger buffer: a port neither
 * changes nor transfers them. It may call back into the router before it returns.
 */
export type Port = (envelope: Uint8Array) => Taken

/** Where a router finds next hops. It never assumes that a next hop is the parent. */
export interface Hops {
  /**
   * The port of an instance of this machine. For one that does not run here: none, or one that takes
   * nothing.
   */
  local(instance: number): Port | undefined
  /**
   * The port towards another machine's instances, by machine index; may be the parent's link.
   * Machines behind the same next hop give the very same function: one copy is sent for all.
   */
  machine(index: number): Port | undefined
  /** The port towards a manager endpoint that is not this one. */
  manager(endpoint: Endpoint): Port | undefined
}

/** A one-way message that did not arrive, reported to whoever sent it. */
export interface Undelivered {
  /** What `send` returned for the message. */
  readonly messageId: number
  /** Who did not get it; empty where the message as a whole could not be routed. */
  readonly instances: readonly number[]
  readonly reason: MachinesError
}
