/** One-way messages, numbered by their sender: what a bot sends, and what it has got from others. */
import { setTimeout as delay } from 'node:timers/promises'
import { small } from '../lib/payloads.js'

/** A burst of 1,024. */
const flushEvery = 64
const flushesPerBurst = 16
/** Who is offline says so at once. */
const pauseAfterErrorMs = 10

/**
 * Numbers of the last so many ids: a report names the id, and comes a resume window later at most.
 * A ring of a fixed size, as a map of all ids would look like a leak.
 */
const idsKept = 2 ** 21

/**
 * Sends to one other bot in bursts, each when the one before has arrived: a flood that only the manager
 * of the sender slows down would measure how much memory its parent has (`bufferBytesMax`).
 */
export class Sender {
  #send
  #flushed
  #confirmed
  #isGoing = false
  #isBusy = false
  #sent = 0
  // Filled: memory that is first touched later would look like a leak, too.
  #numbers = new Uint32Array(idsKept).fill(1)
  /** @type {number[]} */
  #undelivered = []
  /** @type {Record<string, number>} by code */
  #reasons = {}

  /**
   * @param {object} way
   * @param {(message: object) => number} way.send gives the id of the message
   * @param {() => Promise<void>} way.flushed
   * @param {() => Promise<unknown>} way.confirmed a request behind all that was sent
   */
  constructor({ send, flushed, confirmed }) {
    this.#send = send
    this.#flushed = flushed
    this.#confirmed = confirmed
  }

  async start() {
    this.#isGoing = true
    this.#isBusy = true
    while (this.#isGoing) await this.#burst()
    this.#isBusy = false
  }

  halt() {
    this.#isGoing = false
  }

  /** @param {{ messageId: number, reason: Error & { code: string } }} report */
  notDelivered({ messageId, reason }) {
    this.#undelivered.push(this.#numbers[messageId % idsKept])
    this.#reasons[reason.code] = (this.#reasons[reason.code] ?? 0) + 1
  }

  report() {
    return {
      isBusy: this.#isBusy,
      sent: this.#sent,
      undelivered: this.#undelivered,
      reasons: this.#reasons,
    }
  }

  async #burst() {
    for (let flush = 0; flush < flushesPerBurst; flush += 1) {
      for (let left = flushEvery; left > 0; left -= 1) this.#one()
      await this.#flushed()
    }
    // What was sent to somebody who is offline is reported by itself.
    await this.#confirmed().catch(() => delay(pauseAfterErrorMs))
  }

  #one() {
    const number = this.#sent
    this.#sent += 1
    this.#numbers[this.#send({ ...small, number }) % idsKept] = number
  }
}

/** Notes which numbers came of each sender, as ranges: one range where nothing is missing. */
export class Receiver {
  /** @type {Map<number, { ranges: { from: number, to: number }[], outOfTurn: number }>} */
  #senders = new Map()

  /** @param {number} sender @param {number} number */
  received(sender, number) {
    const known = this.#senders.get(sender) ?? this.#meet(sender)
    const last = known.ranges.at(-1)
    if (last !== undefined && number === last.to + 1) last.to = number
    else if (last === undefined || number > last.to) known.ranges.push({ from: number, to: number })
    // A second time, or after one that was sent later.
    else known.outOfTurn += 1
  }

  report() {
    return Object.fromEntries(this.#senders)
  }

  #meet(sender) {
    const one = { ranges: [], outOfTurn: 0 }
    this.#senders.set(sender, one)
    return one
  }
}
