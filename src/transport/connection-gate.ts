/**
 * Counts the open connections of one listener and says which ones it has no room for. Pure, so that
 * every carrier holds the same bounds: strangers must not pile up before they have proven anything.
 * Who waits for how long is decided above (`link/lobby.ts`); this is the last line, at the socket.
 */
import { limits } from '../limits.js'
import { addressGroup } from './address.js'
import type { RefusedConnections } from './carrier.js'

/** Bounds of one listener; `src/limits.ts` gives the defaults. */
export interface ConnectionLimits {
  /** Connections open at one time. Default `limits.connectionsMax`. */
  readonly connectionsMax?: number
  /** Connections open at one time from one address. Default `limits.connectionsPerAddressMax`. */
  readonly connectionsPerAddressMax?: number
  /**
   * Whether a host is one of those that `limits.connectionsReserved` of the places are kept for.
   * Default: nobody is, and no places are kept.
   */
  readonly isReserved?: (host: string) => boolean
}

export class ConnectionGate {
  readonly #overallMax: number
  readonly #perAddressMax: number
  readonly #isReserved: (host: string) => boolean
  readonly #openMax: number
  readonly #openByAddress = new Map<string, number>()
  #open = 0
  #refusedOverall = 0
  #refusedPerAddress = 0

  constructor(bounds: ConnectionLimits = {}) {
    this.#overallMax = bounds.connectionsMax ?? limits.connectionsMax
    this.#perAddressMax = bounds.connectionsPerAddressMax ?? limits.connectionsPerAddressMax
    this.#isReserved = bounds.isReserved ?? (() => false)
    // At least one place is for everybody: there is a first time for every parent.
    const kept = bounds.isReserved === undefined ? 0 : limits.connectionsReserved
    this.#openMax = Math.max(1, this.#overallMax - kept)
  }

  /** A snapshot of what was refused until now. */
  get refused(): RefusedConnections {
    return { overall: this.#refusedOverall, perAddress: this.#refusedPerAddress }
  }

  /** Takes a place for a connection from `host`; `false`: there is none, destroy the connection. */
  enter(host: string): boolean {
    const address = addressGroup(host)
    const openOfAddress = this.#openByAddress.get(address) ?? 0
    if (openOfAddress >= this.#perAddressMax) {
      this.#refusedPerAddress += 1
      return false
    }
    if (this.#open >= (this.#isReserved(host) ? this.#overallMax : this.#openMax)) {
      this.#refusedOverall += 1
      return false
    }
    this.#open += 1
    this.#openByAddress.set(address, openOfAddress + 1)
    return true
  }

  /** Gives back the place of a connection that closed; once per successful `enter`. */
  leave(host: string): void {
    const address = addressGroup(host)
    const openOfAddress = this.#openByAddress.get(address)
    if (openOfAddress === undefined) return
    this.#open -= 1
    // An address without connections leaves no trace, or each stranger would cost memory for ever.
    if (openOfAddress === 1) this.#openByAddress.delete(address)
    else this.#openByAddress.set(address, openOfAddress - 1)
  }
}

/** A gate of its own for a listener that is given bounds, or the one it shares with others. */
export function gateOf(bounds: ConnectionLimits | ConnectionGate): ConnectionGate {
  return bounds instanceof ConnectionGate ? bounds : new ConnectionGate(bounds)
}
