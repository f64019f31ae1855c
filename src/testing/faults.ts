/**
 * What a faulty network does to connections, as numbers.
 *
 * A carrier gives a stream of bytes. What the packets under it suffer does not reach it as such: a
 * lost packet is sent again, one that comes twice is thrown away, one that overtakes another waits
 * for it. A stream that loses, doubles or reorders bytes is a broken carrier and no bad network. So
 * those faults are modelled as what is seen of them above: a wait (`stallChance`) and, where sending
 * again does not help, the end of the connection (`resetChance`).
 */
import { MachinesError } from '../errors.js'

/** Chances are in [0, 1], each rolled on its own for every piece of bytes or every dial. */
export interface Faults {
  /** The shortest time that anything is on its way, in ms. Default 0: arrives in the same ms. */
  readonly delayMs: number
  /** Up to so much comes on top of `delayMs`, evenly spread, in ms; order is kept. Default 0. */
  readonly jitterMs: number
  /**
   * What is written is cut into random pieces of up to so many bytes, and pieces that arrive at one
   * time may be joined. Default 0: pieces arrive as they were written.
   */
  readonly pieceBytesMax: number
  /** A piece, and all behind it, comes up to `stallMs` later: packets were lost or reordered. */
  readonly stallChance: number
  /** The longest wait of a stalled piece, in ms. Default 0. */
  readonly stallMs: number
  /**
   * The connection breaks. Both sides are told (ECONNRESET); of what was on its way in either
   * direction a random part has arrived, cut anywhere: half a frame, half a handshake.
   */
  readonly resetChance: number
  /**
   * The connection looks alive from now on and carries nothing more in the direction of the piece;
   * one time out of two not in the other one either. Nobody is ever told.
   */
  readonly halfOpenChance: number
  /** A dial fails with DM_DIAL_FAILED. */
  readonly dialFailChance: number
  /** A dial is never answered; only its signal ends it. */
  readonly dialLostChance: number
}

/** A network without faults: what is written arrives in the same ms. */
export const noFaults: Faults = Object.freeze({
  delayMs: 0,
  jitterMs: 0,
  pieceBytesMax: 0,
  stallChance: 0,
  stallMs: 0,
  resetChance: 0,
  halfOpenChance: 0,
  dialFailChance: 0,
  dialLostChance: 0,
})

const chances: ReadonlySet<string> = new Set<keyof Faults>([
  'stallChance',
  'resetChance',
  'halfOpenChance',
  'dialFailChance',
  'dialLostChance',
])

/** Fills in what was not given; throws DM_OPTION_UNKNOWN or DM_OPTION_VALUE. */
export function completeFaults(given: Partial<Faults>): Faults {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(noFaults, name)) {
      throw new MachinesError('DM_OPTION_UNKNOWN', `there is no fault called ${name}`, {
        path: name,
      })
    }
    const max = chances.has(name) ? 1 : Number.MAX_SAFE_INTEGER
    // Written this way round so that NaN is refused as well; callers may be without types.
    if (!(typeof value === 'number' && value >= 0 && value <= max)) {
      throw new MachinesError('DM_OPTION_VALUE', `${name} is out of range`, {
        path: name,
        given: String(value),
        allowed: `0..${max}`,
      })
    }
  }
  return { ...noFaults, ...given }
}

/**
 * Faults of a kind and strength that the dice choose, for a simulation with many seeds. Each fault
 * is left out in half of them: a network with every fault at once hides what one of them alone would
 * show, because no connection lives for long.
 */
export function randomFaults(random: () => number): Faults {
  const perhaps = (max: number): number => (random() < 0.5 ? 0 : random() * max)
  return {
    delayMs: perhaps(80),
    jitterMs: perhaps(200),
    // The cube makes small pieces as common as large ones.
    pieceBytesMax: random() < 0.5 ? 0 : 1 + Math.floor(random() ** 3 * 8_192),
    stallChance: perhaps(0.05),
    stallMs: random() * 20_000,
    resetChance: perhaps(0.02),
    halfOpenChance: perhaps(0.005),
    dialFailChance: perhaps(0.5),
    dialLostChance: perhaps(0.2),
  }
}
