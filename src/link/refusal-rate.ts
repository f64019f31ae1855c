/**
 * Makes whoever keeps failing wait longer and longer before its next connection is looked at, so
 * that guessing secrets and burning handshakes gets slower with every try. Pure.
 *
 * Addresses are counted, not identities: a stranger has none. An address from which somebody has
 * proven who he is keeps that merit until newer ones push it out. It never waits for longer than a
 * second, so neither a typing error nor a neighbour behind the same NAT locks a parent out for long.
 */
import { limits } from '../limits.js'

interface Failing {
  /** Failures that are not forgiven yet. */
  readonly failures: number
  /** When the last one was. */
  readonly at: number
}

/** Addresses are given as `addressGroup` spells them, times in ms of one monotonic clock. */
export class RefusalRate {
  /** Oldest failure first: that one is forgotten when there is no room. */
  readonly #failing = new Map<string, Failing>()
  /** The one that proved itself longest ago first. */
  readonly #proven = new Set<string>()

  /** How long connections from this address are still refused unseen; 0: look at the next one. */
  waitMs(address: string, now: number): number {
    const failing = this.#failing.get(address)
    if (failing === undefined) return 0
    const longest = this.isProven(address)
      ? limits.refusalDelayProvenMsMax
      : limits.refusalDelayMsMax
    const delayMs = Math.min(delayAfter(failing.failures), longest)
    return Math.max(0, failing.at + delayMs - now)
  }

  /** A connection from there did not get through. */
  failed(address: string, now: number): void {
    const failing = this.#failing.get(address)
    const forgiven = failing === undefined ? 0 : (now - failing.at) / limits.refusalForgiveMs
    const left = Math.max(0, (failing?.failures ?? 0) - forgiven)
    this.#failing.delete(address)
    this.#failing.set(address, { failures: left + 1, at: now })
    if (this.#failing.size > limits.refusalAddressesMax) dropFirst(this.#failing)
  }

  /** Somebody there has proven who he is: all is forgiven. */
  succeeded(address: string): void {
    this.#failing.delete(address)
    this.#proven.delete(address)
    this.#proven.add(address)
    if (this.#proven.size > limits.provenAddressesMax) dropFirst(this.#proven)
  }

  /** Whether somebody there has proven who he is since the start. */
  isProven(address: string): boolean {
    return this.#proven.has(address)
  }
}

/** Nothing for the first few: a connection that broke in the handshake is a failure as well. */
function delayAfter(failures: number): number {
  const counted = Math.floor(failures) - limits.refusalsFree
  return counted <= 0 ? 0 : limits.refusalDelayMsMin * 2 ** (counted - 1)
}

function dropFirst(keys: Map<string, unknown> | Set<string>): void {
  const [first] = keys.keys()
  if (first !== undefined) keys.delete(first)
}
