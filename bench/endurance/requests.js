/** Requests of one bot, so many under way all the time; each has to end with its own answer. */
import { createHistogram } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { small } from '../lib/payloads.js'

/** Who is offline says so at once: without a pause the lanes would only ask whether it is back. */
const pauseAfterErrorMs = 10

export class Requests {
  /** @type {(payload: object) => Promise<any>} */
  #ask
  #isGoing = false
  #open = 0
  #next = 0
  #answered = 0
  #wrong = 0
  /** @type {Record<string, number>} by code */
  #errors = {}
  // Of a fixed size: a list of all latencies would look like a leak.
  #latencies = createHistogram({ lowest: 1, highest: 600e6, figures: 3 })

  /** @param {(payload: object) => Promise<any>} ask resolves with the echo */
  constructor(ask) {
    this.#ask = ask
  }

  /** @param {number} lanes requests that are under way at a time */
  start(lanes) {
    this.#isGoing = true
    for (let lane = 0; lane < lanes; lane += 1) void this.#lane()
  }

  halt() {
    this.#isGoing = false
  }

  /** Latencies count from here on. */
  begin() {
    this.#latencies.reset()
  }

  report() {
    const us = (percentile) => this.#latencies.percentile(percentile)
    return {
      open: this.#open,
      answered: this.#answered,
      wrong: this.#wrong,
      errors: this.#errors,
      latencies: { p50Us: us(50), p99Us: us(99), p999Us: us(99.9), maxUs: this.#latencies.max },
    }
  }

  async #lane() {
    while (this.#isGoing) {
      const payload = { ...small, number: this.#next }
      this.#next += 1
      this.#open += 1
      try {
        await this.#one(payload)
      } catch (error) {
        const code = error.code ?? error.name
        this.#errors[code] = (this.#errors[code] ?? 0) + 1
        await delay(pauseAfterErrorMs)
      } finally {
        this.#open -= 1
      }
    }
  }

  async #one(payload) {
    const since = performance.now()
    const echo = await this.#ask(payload)
    this.#latencies.record(Math.max(1, Math.round((performance.now() - since) * 1_000)))
    if (JSON.stringify(echo) === JSON.stringify(payload)) this.#answered += 1
    else this.#wrong += 1
  }
}
