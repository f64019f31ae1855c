/** The part that both carriers of the local channel share: frames, batches, bounds, one close. */
import { toError } from '../../errors.js'
import { limits } from '../../limits.js'
import { isWorthWriting } from '../../write-batch.js'
import { type ChannelFrame, FrameDecoder, frameBytes } from './frame-codec.js'
import type { ChannelEvents, InstanceChannel } from './instance-channel.js'

/** What turns frames to bytes and moves them: a socket or a message port. */
export interface ByteCarrier {
  /** At least one frame. */
  write(frames: readonly ChannelFrame[]): void
  /** Bytes written that the other side, or the system, has not taken yet. */
  backlogBytes(): number
  /** Ends after what was written has left. */
  end(): void
  /** Ends now. */
  destroy(): void
  ref(): void
  unref(): void
}

/** What a carrier reports back. */
export interface CarrierEvents {
  data(bytes: Uint8Array): void
  close(error?: Error): void
}

export interface ChannelBounds {
  readonly frameBytesMax: number
  readonly backlogBytesMax: number
}

const defaultBounds: ChannelBounds = {
  frameBytesMax: limits.channelFrameBytesMax,
  backlogBytesMax: limits.channelBacklogBytesMax,
}

/** Beyond the backlog, for frames that are few and small: far more than a stop and a question take. */
const vitalReserveBytes = 64 * 1024

const noEvents: ChannelEvents = { frame() {}, close() {} }
const noPayload = new Uint8Array(0)

/**
 * An {@link InstanceChannel} over any carrier.
 *
 * Frames sent within one turn of the event loop leave in one write, or in a few where they are many.
 * A payload handed to `send` must not be changed afterwards: large ones are not copied.
 */
export class FrameChannel implements InstanceChannel {
  events: ChannelEvents = noEvents
  readonly #carrier: ByteCarrier
  readonly #bounds: ChannelBounds
  readonly #decoder: FrameDecoder
  #batch: ChannelFrame[] = []
  #batchBytes = 0
  #flushing: NodeJS.Immediate | undefined
  #sending = true
  #closed = false

  /** @param connect attaches the carrier to the events it must report. */
  constructor(
    connect: (events: CarrierEvents) => ByteCarrier,
    bounds: ChannelBounds = defaultBounds,
  ) {
    this.#bounds = bounds
    this.#decoder = new FrameDecoder(bounds.frameBytesMax)
    this.#carrier = connect({
      data: (bytes) => this.#receive(bytes),
      close: (error) => this.#finish(error),
    })
  }

  send(
    op: number,
    payload: Uint8Array = noPayload,
    importance: 'normal' | 'vital' = 'normal',
  ): boolean {
    if (!this.#sending) return false
    const bytes = frameBytes(payload)
    const backlog = this.#batchBytes + this.#carrier.backlogBytes()
    if (1 + payload.length > this.#bounds.frameBytesMax) return false
    const reserveBytes = importance === 'vital' ? vitalReserveBytes : 0
    if (backlog + bytes > this.#bounds.backlogBytesMax + reserveBytes) return false
    this.#batch.push({ op, payload })
    this.#batchBytes += bytes
    if (isWorthWriting(this.#batch.length, this.#batchBytes)) this.#flush()
    else this.#flushing ??= setImmediate(() => this.#flush())
    return true
  }

  close(): void {
    if (!this.#sending) return
    this.#flush()
    this.#sending = false
    this.#carrier.end()
  }

  ref(): void {
    this.#carrier.ref()
  }

  unref(): void {
    this.#carrier.unref()
  }

  #flush(): void {
    clearImmediate(this.#flushing)
    this.#flushing = undefined
    if (this.#batch.length === 0) return
    const frames = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    this.#carrier.write(frames)
  }

  #receive(bytes: Uint8Array): void {
    this.#decoder.push(bytes)
    // A handler may close the channel; what follows in the same chunk is not for it any more.
    while (!this.#closed) {
      const next = this.#next()
      if (next === undefined) return
      this.events.frame(next.op, next.payload)
    }
  }

  /** The next frame, or undefined when there is none; only decoding faults end the channel. */
  #next(): ChannelFrame | undefined {
    try {
      return this.#decoder.next()
    } catch (thrown) {
      this.#carrier.destroy()
      this.#finish(toError(thrown))
      return undefined
    }
  }

  #finish(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#sending = false
    clearImmediate(this.#flushing)
    this.#batch = []
    this.#batchBytes = 0
    this.events.close(error)
  }
}
