/**
 * Cuts the text of a socket into packets. Pure.
 *
 * Every character is looked at once, however a frame was split, and a frame that outgrows the limit
 * is skipped without being kept.
 */
import { limits } from '../../../limits.js'
import { isRecord } from '../../../routing/records.js'
import { frameEnd, frameType } from './packets.js'

export type FrameEvent =
  /** The `data` of a frame, not looked at yet. */
  | { readonly type: 'packet'; readonly packet: unknown }
  /** No JSON, or of another type than discordoo's. */
  | { readonly type: 'ignored' }
  /** It was longer than the limit; the event id that its beginning shows, if any. */
  | { readonly type: 'tooLong'; readonly eventId: string | undefined }

/** The event id is the first member of `d`, so it stands near the beginning. */
const headChars = 512

export class FrameReader {
  readonly #charsMax: number
  #parts: string[] = []
  #chars = 0
  /** The beginning of the frame that is being skipped. */
  #skippedHead: string | undefined

  constructor(charsMax: number = limits.channelFrameBytesMax) {
    this.#charsMax = charsMax
  }

  /** Takes text as it arrives; returns what is complete with it. */
  read(text: string): FrameEvent[] {
    const events: FrameEvent[] = []
    let start = 0
    for (;;) {
      const end = text.indexOf(frameEnd, start)
      if (end === -1) break
      this.#keep(text.slice(start, end))
      events.push(this.#finish())
      start = end + 1
    }
    if (start < text.length) this.#keep(text.slice(start))
    return events
  }

  #keep(part: string): void {
    if (this.#skippedHead !== undefined) return
    this.#parts.push(part)
    this.#chars += part.length
    if (this.#chars <= this.#charsMax) return
    this.#skippedHead = headOf(this.#parts)
    this.#parts = []
    this.#chars = 0
  }

  #finish(): FrameEvent {
    const head = this.#skippedHead
    if (head !== undefined) {
      this.#skippedHead = undefined
      return { type: 'tooLong', eventId: /"event_id":"(\d{1,64})"/.exec(head)?.[1] }
    }
    const frame = parsed(this.#parts.join(''))
    this.#parts = []
    this.#chars = 0
    if (!isRecord(frame) || frame.type !== frameType) return { type: 'ignored' }
    return { type: 'packet', packet: frame.data }
  }
}

function headOf(parts: readonly string[]): string {
  let head = ''
  for (const part of parts) {
    head += part.slice(0, headChars - head.length)
    if (head.length >= headChars) break
  }
  return head
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
