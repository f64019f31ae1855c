/** The seam between routing and what carries envelopes. */
import type { MachinesError } from '../errors.js'
import type { Endpoint } from './endpoint.js'

/**
 * Takes one encoded envelope to its next hop: an instance, a machine, the parent, or a requester in
 * this very process. Returns false when it cannot be reached now (the router then says `offline`).
 */
export type Port = (envelope: Uint8Array) => boolean

/** Where a router finds next hops. It never assumes that a next hop is the parent. */
export interface Hops {
  /** The port of an instance of this machine. */
  local(instance: number): Port | undefined
  /** The port towards another machine's instances, by machine index; may be the parent's link. */
  machine(index: number): Port | undefined
  /** The port towards a manager endpoint that is not this one. */
  manager(endpoint: Endpoint): Port | undefined
}

/** A one-way message that did not arrive, reported to whoever sent it. */
export interface Undelivered {
  readonly instances: readonly number[]
  readonly reason: MachinesError
}
