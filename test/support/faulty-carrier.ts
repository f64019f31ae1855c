/**
 * A relay in front of any carrier that does to its connections what networks do: cuts the stream
 * into other chunks, breaks it, or goes on looking alive while nothing arrives.
 */
import type { Duplex } from 'node:stream'
import type { Carrier } from '../../src/transport/carrier.js'
import { memoryPair } from '../../src/transport/memory-pair.js'

export interface FaultyCarrier extends Carrier {
  /** How many connections were dialled. */
  readonly dialled: number
  /** Breaks every connection; what was on its way is lost. */
  cut(): void
  /** From now on nothing arrives over the connections that are open, and nobody is told. */
  freeze(): void
  /** While false, dialling fails. */
  reachable: boolean
}

export interface Faults {
  /** In [0, 1): where to cut chunks. Undefined: passed on as they are. */
  readonly random?: () => number
  /** Called for every piece that is about to be passed on; it may cut the carrier. */
  onPiece?(piece: Buffer): void
}

class Relay {
  readonly #ends: readonly [Duplex, Duplex]
  readonly #faults: Faults
  isFrozen = false

  constructor(ends: readonly [Duplex, Duplex], faults: Faults) {
    this.#ends = ends
    this.#faults = faults
    this.#pass(...ends)
    this.#pass(ends[1], ends[0])
  }

  break(): void {
    for (const end of this.#ends) end.destroy()
  }

  #pass(from: Duplex, to: Duplex): void {
    from.on('error', () => {})
    from.on('data', (chunk: Buffer) => {
      for (const piece of this.#pieces(chunk)) {
        this.#faults.onPiece?.(piece)
        if (!this.isFrozen && !to.destroyed) to.write(piece)
      }
    })
    from.on('end', () => {
      if (!this.isFrozen) to.end()
    })
    from.on('close', () => {
      if (!this.isFrozen) to.destroy()
    })
  }

  #pieces(chunk: Buffer): Buffer[] {
    const { random } = this.#faults
    if (random === undefined) return [chunk]
    const pieces: Buffer[] = []
    for (let at = 0; at < chunk.length; ) {
      const size = 1 + Math.floor(random() ** 3 * 4_096)
      pieces.push(chunk.subarray(at, at + size))
      at += size
    }
    return pieces
  }
}

export function faultyCarrier(inner: Carrier, faults: Faults = {}): FaultyCarrier {
  let relays: Relay[] = []
  let dialled = 0
  return {
    name: inner.name,
    get dialled() {
      return dialled
    },
    reachable: true,
    async dial(address, signal) {
      if (!this.reachable) throw new Error('the network is down')
      const raw = await inner.dial(address, signal)
      const [near, far] = memoryPair()
      near.on('error', () => {})
      relays.push(new Relay([far, raw.stream], faults))
      dialled += 1
      return { stream: near, remote: raw.remote }
    },
    listen: (...rest) => inner.listen(...rest),
    cut() {
      for (const relay of relays) relay.break()
      relays = []
    },
    freeze() {
      for (const relay of relays) relay.isFrozen = true
    },
  }
}
