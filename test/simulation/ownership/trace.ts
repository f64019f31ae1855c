/** What happened in a virtual world: the last lines for people, and a hash of all of them. */

const linesKept = 400

const fnvOffset = 0x811c9dc5
const fnvPrime = 0x01000193

export class Trace {
  readonly #lines: string[] = []
  readonly #isWhole: boolean
  #hash = fnvOffset
  #count = 0

  /** `isWhole`: keeps every line, not the last ones alone. */
  constructor(isWhole: boolean) {
    this.#isWhole = isWhole
  }

  /** Two runs that went the same way have the same. */
  get hash(): number {
    return this.#hash >>> 0
  }

  get count(): number {
    return this.#count
  }

  get lines(): readonly string[] {
    return this.#isWhole ? this.#lines : this.#lines.slice(-linesKept)
  }

  add(at: number, text: string): void {
    const line = `${at.toFixed(1)} ${text}`
    this.#count += 1
    let hash = this.#hash
    for (let index = 0; index < line.length; index++) {
      hash = Math.imul(hash ^ line.charCodeAt(index), fnvPrime)
    }
    this.#hash = hash
    this.#lines.push(line)
    if (!this.#isWhole && this.#lines.length >= 2 * linesKept) this.#lines.splice(0, linesKept)
  }
}
