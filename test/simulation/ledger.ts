/**
 * The books of one direction: every message that was taken for sending arrives once, in order and
 * unchanged, or is reported lost. What does not add up is written into `problems`, because handlers
 * of a link may not throw.
 */
import { seededRandom } from '../../src/testing/seeded-random.js'

const headerBytes = 8
/** Contents of messages are slices of it, so that making and checking them costs next to nothing. */
const pool = Buffer.alloc(4 * 1024 * 1024)
const poolRandom = seededRandom(4)
for (let at = 0; at < pool.length; at += 4) pool.writeUInt32LE(poolRandom() * 2 ** 32, at)

/** Where the content of message `number` begins in the pool. */
function contentAt(number: number, length: number): Buffer {
  const start = (number * 7_919) % (pool.length - length)
  return pool.subarray(start, start + length)
}

function makeMessage(number: number, bytes: number): Uint8Array {
  const message = Buffer.alloc(Math.max(bytes, headerBytes))
  message.writeUInt32BE(number, 0)
  message.writeUInt32BE(message.length, 4)
  contentAt(number, message.length - headerBytes).copy(message, headerBytes)
  return message
}

/** The number of a message that is whole; undefined for anything else. */
function numberOf(bytes: Uint8Array): number | undefined {
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (message.length < headerBytes || message.readUInt32BE(4) !== message.length) return undefined
  const number = message.readUInt32BE(0)
  const content = contentAt(number, message.length - headerBytes)
  return content.equals(message.subarray(headerBytes)) ? number : undefined
}

export class Ledger {
  readonly problems: string[] = []
  readonly #name: string
  readonly #received = new Set<number>()
  #lastReceived = 0
  #taken = 0
  #lost = 0

  constructor(name: string) {
    this.#name = name
  }

  /** How many messages were taken for sending, arrived, and were reported lost. */
  get counts(): { readonly taken: number; readonly received: number; readonly lost: number } {
    return { taken: this.#taken, received: this.#received.size, lost: this.#lost }
  }

  /** Sends the next message through `send`, which says whether it took it. */
  offer(bytes: number, send: (message: Uint8Array) => boolean): number | undefined {
    if (!send(makeMessage(this.#taken + 1, bytes))) return undefined
    this.#taken += 1
    return this.#taken
  }

  receive(bytes: Uint8Array): void {
    const number = numberOf(bytes)
    if (number === undefined) {
      this.problem(`a message of ${bytes.length} bytes arrived changed`)
      return
    }
    if (this.#received.has(number)) this.problem(`message ${number} arrived twice`)
    else if (number < this.#lastReceived) {
      this.problem(`message ${number} arrived after message ${this.#lastReceived}`)
    }
    if (number > this.#taken) this.problem(`message ${number} was never sent`)
    this.#received.add(number)
    this.#lastReceived = number
  }

  hasReceived(number: number): boolean {
    return this.#received.has(number)
  }

  /** Numbers of messages that were reported lost. */
  reportLost(messages: readonly Uint8Array[]): number[] {
    this.#lost += messages.length
    return messages.map((bytes) => {
      const number = numberOf(bytes)
      if (number === undefined) this.problem('a message came back changed')
      return number ?? 0
    })
  }

  problem(what: string): void {
    this.problems.push(`${this.#name}: ${what}`)
  }
}

/** What one link was given to send; it ends with the session, and a new one begins. */
export class Outbox {
  readonly #ledger: Ledger
  #open: number[] = []

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** Messages of this session that have not arrived. */
  get missing(): number {
    return this.#open.filter((number) => !this.#ledger.hasReceived(number)).length
  }

  send(bytes: number, send: (message: Uint8Array) => boolean): void {
    const number = this.#ledger.offer(bytes, send)
    if (number !== undefined) this.#open.push(number)
  }

  /** The session is over: `lost` must be its last messages, and all before them have arrived. */
  over(lost: readonly Uint8Array[]): void {
    const numbers = this.#ledger.reportLost(lost)
    const confirmed = this.#open.slice(0, this.#open.length - numbers.length)
    const expected = this.#open.slice(confirmed.length)
    if (numbers.join() !== expected.join()) {
      this.#ledger.problem(`reported lost: ${numbers.join()}; not confirmed: ${expected.join()}`)
    }
    const vanished = confirmed.filter((number) => !this.#ledger.hasReceived(number))
    if (vanished.length > 0) {
      this.#ledger.problem(`neither arrived nor reported: ${vanished.join()}`)
    }
    this.#open = []
  }
}
