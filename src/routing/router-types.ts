/** The seam between routing and what carries envelopes. */
import type { MachinesError } from '../errors.js'
import type { Endpoint } from './endpoint.js'

/**
 * Takes one encoded envelope to its next hop: an instance, a machine, the parent, or a requester in
 * this very process. Returns false when it cannot be reached now (the router then says `offline`).
 *
 * The bytes may be shared with other ports and may be a view on a larger buffer: a port neither
 * changes nor transfers them. It may call back into the router before it returns.
 */
export type Port = (envelope: Uint8Array) => boolean

/** Where a router finds next hops. It never assumes that a next hop is the parent. */
export interface Hops {
  /** The port of an instance of this machine. */
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
