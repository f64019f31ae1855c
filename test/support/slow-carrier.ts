/** A carrier whose connections pass only so many bytes per ms, with back-pressure, as a thin line. */
import type { Duplex } from 'node:stream'
import type { System } from '../../src/system/system.js'
import type { Carrier } from '../../src/transport/carrier.js'
import { memoryPair } from '../../src/transport/memory-pair.js'

/** How often the line passes something on; small beside any heartbeat. */
const stepMs = 5

export interface SlowCarrier extends Carrier {
  /** In each direction. 0: nothing passes, and nobody is told. */
  bytesPerMs: number
  /** Bytes that wait in the line itself, in both directions of all connections. */
  readonly waitingBytes: number
}

export function slowCarrier(inner: Carrier, system: System, bytesPerMs: number): SlowCarrier {
  const lines: Line[] = []
  const budget = () => carrier.bytesPerMs * stepMs
  const carrier: SlowCarrier = {
    name: inner.name,
    bytesPerMs,
    get waitingBytes() {
      return lines.reduce((sum, line) => sum + line.waitingBytes, 0)
    },
    async dial(address, signal) {
      const raw = await inner.dial(address, signal)
      const [near, far] = memoryPair()
      near.on('error', () => {})
      lines.push(
        new Line(far, raw.stream, system, budget),
        new Line(raw.stream, far, system, budget),
      )
      return { stream: near, remote: raw.remote }
    },
    listen: (...rest) => inner.listen(...rest),
  }
  return carrier
}

/** One direction. Reads no more than one step's worth ahead, so that writers feel the line. */
class Line {
  readonly #from: Duplex
  readonly #to: Duplex
  readonly #system: System
  readonly #budget: () => number
  #waiting: Buffer[] = []
  #isTicking = false
  #hasEnded = false

  constructor(from: Duplex, to: Duplex, system: System, budget: () => number) {
    this.#from = from
    this.#to = to
    this.#system = system
    this.#budget = budget
    from.on('error', () => {})
    from.on('data', (chunk: Buffer) => this.#take(chunk))
    from.on('end', () => {
      this.#hasEnded = true
      if (this.#waiting.length === 0) to.end()
    })
    from.on('close', () => {
      if (!this.#hasEnded) to.destroy()
    })
  }

  get waitingBytes(): number {
    return this.#waiting.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  #take(chunk: Buffer): void {
    this.#waiting.push(chunk)
    this.#from.pause()
    if (this.#isTicking) return
    this.#isTicking = true
    this.#system.setTimer(stepMs, () => this.#tick())
  }

  #tick(): void {
    let left = this.#budget()
    while (left > 0) {
      const [chunk] = this.#waiting
      if (chunk === undefined) break
      if (!this.#to.destroyed) this.#to.write(chunk.subarray(0, left))
      if (chunk.length > left) this.#waiting[0] = chunk.subarray(left)
      else this.#waiting.shift()
      left -= chunk.length
    }
    this.#isTicking = this.#waiting.length > 0 && !this.#from.destroyed && !this.#to.destroyed
    if (this.#isTicking) this.#system.setTimer(stepMs, () => this.#tick())
    else if (this.#hasEnded) this.#to.end()
    else this.#from.resume()
  }
}
