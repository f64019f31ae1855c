/**
 * Counts the open connections of one listener and says which ones it has no room for. Pure, so that
 * every carrier holds the same bounds: strangers must not pile up before they have proven anything.
 */
import { limits } from '../limits.js'
import type { RefusedConnections } from './carrier.js'

/** Bounds of one listener; `src/limits.ts` gives the defaults. */
export interface ConnectionLimits {
  /** Connections open at one time. Default `limits.connectionsMax`. */
  readonly connectionsMax?: number
  /** Connections open at one time from one address. Default `limits.connectionsPerAddressMax`. */
  readonly connectionsPerAddressMax?: number
}

export class ConnectionGate {
  readonly #overallMax: number
  readonly #perAddressMax: number
  readonly #openByHost = new Map<string, number>()
  #open = 0
  #refusedOverall = 0
  #refusedPerAddress = 0

  constructor(bounds: ConnectionLimits = {}) {
    this.#overallMax = bounds.connectionsMax ?? limits.connectionsMax
    this.#perAddressMax = bounds.connectionsPerAddressMax ?? limits.connectionsPerAddressMax
  }

  /** A snapshot of what was refused until now. */
  get refused(): RefusedConnections {
    return { overall: this.#refusedOverall, perAddress: this.#refusedPerAddress }
  }

  /** Takes a place for a connection from `host`; `false`: there is none, destroy the connection. */
  enter(host: string): boolean {
    const openOfHost = this.#openByHost.get(host) ?? 0
    if (openOfHost >= this.#perAddressMax) {
      this.#refusedPerAddress += 1
      return false
    }
    if (this.#open >= this.#overallMax) {
      this.#refusedOverall += 1
      return false
    }
    this.#open += 1
    this.#openByHost.set(host, openOfHost + 1)
    return true
  }

  /** Gives back the place of a connection that closed; once per successful `enter`. */
  leave(host: string): void {
    const openOfHost = this.#openByHost.get(host)
    if (openOfHost === undefined) return
    this.#open -= 1
    // A host without connections leaves no trace, or every stranger would cost memory for ever.
    if (openOfHost === 1) this.#openByHost.delete(host)
    else this.#openByHost.set(host, openOfHost - 1)
  }
}
