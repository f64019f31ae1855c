/**
 * How many gateway sessions the instances of one machine have started in the last 24 hours. Pure.
 *
 * Discord lets a bot start 1,000 sessions a day, and a large one max(2,000, 5 per 1,000 guilds);
 * past that it resets the token of the bot (Discord docs, "Gateway": "Session Start Limit" and
 * "Sharding for Large Bots"). The manager does not see the IDENTIFYs of a bot, so each start of an
 * instance counts as one per shard: more than there were, never fewer, unless the bot reconnects
 * without resuming. The count begins with the manager: what an earlier one used it cannot know.
 */

export const dayMs = 86_400_000

/** Starts of one minute are counted together, so that a day takes 1,441 numbers at most. */
const slotMs = 60_000

interface Slot {
  /** Which minute, counted from time 0. */
  readonly minute: number
  sessions: number
}

export class StartBudget {
  /** Sessions in any 24 hours. It may change: what was started before still counts. */
  max: number
  /** Ascending, those that still count. */
  readonly #slots: Slot[] = []
  #used = 0

  constructor(max: number) {
    this.max = max
  }

  used(now: number): number {
    this.#forget(now)
    return this.#used
  }

  /** Counts a start, whether there is room for it or not. */
  take(sessions: number, now: number): void {
    this.#forget(now)
    const minute = Math.floor(now / slotMs)
    const last = this.#slots.at(-1)
    if (last?.minute === minute) last.sessions += sessions
    else this.#slots.push({ minute, sessions })
    this.#used += sessions
  }

  /**
   * When so many sessions fit: `now`, or the moment, up to a minute late, when enough of the day's
   * starts have grown old. More than `max` never fit; they may start when nothing else counts.
   */
  roomAt(sessions: number, now: number): number {
    this.#forget(now)
    let used = this.#used
    let at = now
    for (const slot of this.#slots) {
      if (used + sessions <= this.max) break
      used -= slot.sessions
      at = endOf(slot)
    }
    return at
  }

  #forget(now: number): void {
    const keep = this.#slots.findIndex((slot) => endOf(slot) > now)
    const old = this.#slots.splice(0, keep === -1 ? this.#slots.length : keep)
    for (const { sessions } of old) this.#used -= sessions
  }
}

/** When the last moment of a slot is a day old. */
function endOf({ minute }: Slot): number {
  return (minute + 1) * slotMs + dayMs
}
