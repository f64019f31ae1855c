/** The latest round trips of a connection and how they are spread. Pure; memory is fixed. */

/** About four minutes at the default heartbeat: long enough for a p99, short enough to forget. */
export const roundTripsKept = 128

export class RoundTrips {
  readonly #ring: number[] = []
  #at = 0

  /** Takes in one round trip, ms; the oldest one makes room. */
  add(roundTripMs: number): void {
    this.#ring[this.#at] = roundTripMs
    this.#at = (this.#at + 1) % roundTripsKept
  }

  /** The last one; undefined before the first. */
  get lastMs(): number | undefined {
    return this.#ring[(this.#at + roundTripsKept - 1) % roundTripsKept]
  }

  /**
   * The round trip that the given share (0..1) of the kept ones does not exceed, by nearest rank: it
   * is always one that was measured. Undefined before the first.
   */
  quantileMs(share: number): number | undefined {
    const sorted = this.#ring.toSorted((a, b) => a - b)
    return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  }
}
