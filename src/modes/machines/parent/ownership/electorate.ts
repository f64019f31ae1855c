/**
 * Whether a parent may decide for the machines it does not reach: only while a majority of voters
 * (the machines, and itself) answers it. Pure.
 *
 * A parent that was suspended may have been replaced meanwhile without knowing, so what it knew of
 * its links is worth nothing: it begins a new round, and counts who answers that.
 */
export class Electorate {
  readonly #linked = new Map<string, number>()
  #voters = 1
  #round = 0
  #isProven = true

  /** The parent tells it to machines; 0 is never told, as nobody needs to answer it. */
  get round(): number {
    return this.#round
  }

  get majority(): number {
    return Math.floor(this.#voters / 2) + 1
  }

  /** How many voters answer in this round, the parent itself included. */
  get present(): number {
    let present = 1
    for (const round of this.#linked.values()) if (round === this.#round) present += 1
    return present
  }

  get hasMajority(): boolean {
    return this.present >= this.majority
  }

  /** False from a suspension until a majority has answered afterwards. */
  get isProven(): boolean {
    this.#isProven ||= this.hasMajority
    return this.#isProven
  }

  join(): void {
    this.#voters += 1
  }

  leave(machine: string): void {
    this.#voters -= 1
    this.#linked.delete(machine)
  }

  /** The machine has answered in this round; a new session is an answer to round 0 alone. */
  answered(machine: string, round: number): void {
    this.#linked.set(machine, round)
  }

  lost(machine: string): void {
    this.#linked.delete(machine)
  }

  /** This parent was suspended. */
  woke(): void {
    this.#round += 1
    this.#isProven = false
  }
}
