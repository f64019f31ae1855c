/**
 * What waits to be sent to a bot. Pure.
 *
 * The parser in a discordoo bot goes over everything that it has received and not finished with each
 * chunk that comes, so time grows with the square of what is on its way. A window keeps that small:
 * only so many bytes are sent before the bot has shown that it read them. It shows that by answering
 * a HELLO, which it does at once and as often as it gets one, in the order of what it was sent.
 */
import { limits } from '../../../limits.js'
import type { Frame } from './packets.js'

export interface WaitingFrame extends Frame {
  /** Asked when its turn comes: nobody waits for the answer any more, so it need not be sent. */
  readonly isStale?: (() => boolean) | undefined
}

export interface OutboxBounds {
  readonly windowBytes: number
  readonly backlogBytesMax: number
}

/** What a frame costs in memory beside its text; thousands of empty ones must not be free. */
const frameCostBytes = 200

/** After these parts of a window the bot is asked, so that its answer comes before the end of it. */
const probesPerWindow = 4

/** Fewer sent frames than this stay in the list until half of it is sent. */
const batch = 1_024

export class Outbox {
  readonly #bounds: OutboxBounds
  #queue: (WaitingFrame | undefined)[] = []
  #first = 0
  #backlogBytes = 0
  /**
   * Bytes so far: sent; sent before the last HELLO; known to have been read. What is lost with a
   * connection counts as read with the HELLO that begins the next.
   */
  #sent = 0
  #asked = 0
  #read = 0
  #probe: string | undefined

  constructor(
    bounds: OutboxBounds = {
      windowBytes: limits.botWindowBytes,
      backlogBytesMax: limits.channelBacklogBytesMax,
    },
  ) {
    this.#bounds = bounds
  }

  /** Nothing waits to be sent. */
  get isEmpty(): boolean {
    return this.#first === this.#queue.length
  }

  /** Time for a HELLO that shows what the bot has read; not while one waits for its answer. */
  get isProbeDue(): boolean {
    const { windowBytes } = this.#bounds
    return this.#probe === undefined && this.#sent - this.#asked >= windowBytes / probesPerWindow
  }

  /** False when there is no room. */
  push(frame: WaitingFrame): boolean {
    const cost = frame.bytes + frameCostBytes
    // One frame always fits; its own size has been checked.
    if (!this.isEmpty && this.#backlogBytes + cost > this.#bounds.backlogBytesMax) return false
    this.#queue.push(frame)
    this.#backlogBytes += cost
    return true
  }

  /** The frame to send now; undefined when none waits, or the window is used up. */
  next(): Frame | undefined {
    while (!this.isEmpty && this.#sent - this.#read < this.#bounds.windowBytes) {
      const frame = this.#shift()
      if (frame === undefined || frame.isStale?.() === true) continue
      this.#sent += frame.bytes
      return frame
    }
    return undefined
  }

  /** A HELLO of this event id was sent after all that was sent so far. */
  probed(eventId: string): void {
    this.#probe = eventId
    this.#asked = this.#sent
  }

  /** The bot has answered the HELLO of this event id. */
  answered(eventId: string | undefined): void {
    if (eventId === undefined || eventId !== this.#probe) return
    this.#probe = undefined
    this.#read = this.#asked
  }

  #shift(): WaitingFrame | undefined {
    const frame = this.#queue[this.#first]
    this.#queue[this.#first] = undefined
    this.#first += 1
    if (frame !== undefined) this.#backlogBytes -= frame.bytes + frameCostBytes
    if (this.isEmpty || (this.#first >= batch && this.#first * 2 >= this.#queue.length)) {
      this.#queue = this.#queue.slice(this.#first)
      this.#first = 0
    }
    return frame
  }
}
