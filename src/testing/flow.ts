/**
 * One direction of a faulty connection: takes what one end writes, and gives it to the other end
 * when its time has come, in order, unless a fault says otherwise.
 */
import type { Cancel, System } from '../system/system.js'
import type { Faults } from './faults.js'

/** What a flow needs to know of its network. */
export interface FlowWorld {
  readonly system: System
  readonly random: () => number
  readonly faults: Faults
  /** A partition stands in the way; `pump()` is called when it does no more. */
  isBlocked(): boolean
  /** The dice say that the whole connection breaks. */
  reset(): void
  /** The dice say that this direction dies in silence. */
  freezeOne(): void
  /** The dice say that both do. */
  freezeBoth(): void
  /** Something was done to the traffic, for counting. */
  count(what: 'stalls' | 'bytesLost', by: number): void
}

/** The end that a flow leads to. */
export interface FlowReceiver {
  /** False: take no more out until `wanted()` is called. */
  arrive(bytes: Uint8Array): boolean
  arriveEnd(): void
  arriveReset(): void
}

interface Item {
  readonly at: number
  readonly what: Uint8Array | 'end' | 'reset'
}

/** About what the socket buffers of a kernel hold; a writer that is further ahead waits. */
const windowBytes = 256 * 1024
/** A chunk is cut at most so often: beyond that, more pieces take time and show nothing new. */
const cutsMax = 16

export class Flow {
  readonly #world: FlowWorld
  readonly #receiver: FlowReceiver
  #items: Item[] = []
  #bytesOnTheWay = 0
  #lastAt = 0
  /** Open; ending: nothing more is taken in; over: nothing more is given out either. */
  #state: 'open' | 'ending' | 'over' = 'open'
  #isFrozen = false
  #receiverHasRoom = true
  #isScheduled = false
  #cancelTimer: Cancel = () => {}
  /** The writer waits for this. */
  #taken: (() => void) | undefined

  constructor(world: FlowWorld, receiver: FlowReceiver) {
    this.#world = world
    this.#receiver = receiver
  }

  /** Takes one chunk, which must not change any more; `taken` is called when there is room again. */
  send(chunk: Uint8Array, taken: () => void): void {
    for (const piece of this.#cut(chunk)) {
      // A fault of an earlier piece may have ended the flow.
      if (this.#state === 'open') this.#sendPiece(piece)
      else this.#world.count('bytesLost', piece.length)
    }
    this.#taken = taken
    this.#release()
  }

  /** The writer has ended or is gone; what it wrote before still arrives. */
  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    this.#enqueue('end', 0)
  }

  /** The connection breaks: a random part of what is on its way arrives, and then the news. */
  break(): void {
    if (this.#state === 'over') return
    const { random } = this.#world
    const whole = Math.floor(random() * (this.#items.length + 1))
    const cutOff = this.#items.splice(whole)
    const [first] = cutOff
    if (first !== undefined && first.what instanceof Uint8Array) {
      const part = first.what.subarray(0, Math.floor(random() * first.what.length))
      if (part.length > 0) this.#items.push({ at: first.at, what: part })
    }
    const left = this.#items.reduce((sum, { what }) => sum + sizeOf(what), 0)
    this.#world.count('bytesLost', this.#bytesOnTheWay - left)
    this.#bytesOnTheWay = left
    this.#lastAt = this.#items.at(-1)?.at ?? 0
    this.#state = 'ending'
    this.#enqueue('reset', 0)
    this.#release()
  }

  /** From now on nothing arrives, not even the end. */
  freeze(): void {
    this.#isFrozen = true
    this.#cancelTimer()
  }

  /** The receiver has taken what it was given and wants more. */
  wanted(): void {
    this.#receiverHasRoom = true
    this.pump()
  }

  /** The receiver is gone: whatever is on its way is for nobody. */
  receiverGone(): void {
    this.#state = 'over'
    this.#cancelTimer()
    this.#world.count('bytesLost', this.#bytesOnTheWay)
    this.#items = []
    this.#bytesOnTheWay = 0
    this.#release()
  }

  /** Goes on, as far as time, partitions and the receiver allow. */
  pump(): void {
    const [next] = this.#items
    if (next === undefined || this.#isScheduled || this.#isHeldBack()) return
    const { system } = this.#world
    const waitMs = next.at - system.now()
    this.#isScheduled = true
    const deliver = () => {
      this.#isScheduled = false
      this.#deliver()
    }
    if (waitMs > 0) {
      const cancel = system.setTimer(waitMs, deliver)
      this.#cancelTimer = () => {
        cancel()
        this.#isScheduled = false
      }
    } else {
      // In a later turn, as a kernel would: two ends that answer each other must not recurse.
      process.nextTick(deliver)
    }
  }

  #isHeldBack(): boolean {
    return this.#isFrozen || !this.#receiverHasRoom || this.#world.isBlocked()
  }

  #sendPiece(piece: Uint8Array): void {
    const { random, faults } = this.#world
    if (random() < faults.resetChance) {
      this.#enqueue(piece, 0)
      this.#world.reset()
      return
    }
    if (random() < faults.halfOpenChance) {
      if (random() < 0.5) this.#world.freezeOne()
      else this.#world.freezeBoth()
    }
    const isStalled = random() < faults.stallChance
    if (isStalled) this.#world.count('stalls', 1)
    this.#enqueue(piece, isStalled ? random() * faults.stallMs : 0)
  }

  #enqueue(what: Item['what'], extraMs: number): void {
    const { system, random, faults } = this.#world
    const wayMs = faults.delayMs + (faults.jitterMs > 0 ? random() * faults.jitterMs : 0)
    this.#lastAt = Math.max(this.#lastAt, system.now() + wayMs + extraMs)
    this.#items.push({ at: this.#lastAt, what })
    this.#bytesOnTheWay += sizeOf(what)
    this.pump()
  }

  #deliver(): void {
    for (;;) {
      const [next] = this.#items
      if (next === undefined || this.#isHeldBack()) break
      if (next.at > this.#world.system.now()) break
      this.#items.shift()
      this.#give(next.what)
    }
    this.#release()
    this.pump()
  }

  #give(what: Item['what']): void {
    if (what === 'end') this.#receiver.arriveEnd()
    else if (what === 'reset') this.#receiver.arriveReset()
    else {
      const bytes = this.#joined(what)
      this.#bytesOnTheWay -= bytes.length
      this.#receiverHasRoom = this.#receiver.arrive(bytes)
    }
  }

  /** Now and then a piece together with the one behind it, where that is due as well. */
  #joined(first: Uint8Array): Uint8Array {
    const { faults, random, system } = this.#world
    const [next] = this.#items
    if (faults.pieceBytesMax === 0 || next === undefined || next.at > system.now()) return first
    if (!(next.what instanceof Uint8Array) || random() < 0.5) return first
    this.#items.shift()
    return Buffer.concat([first, next.what])
  }

  #cut(chunk: Uint8Array): Uint8Array[] {
    const { faults, random } = this.#world
    if (faults.pieceBytesMax === 0) return [chunk]
    const pieces: Uint8Array[] = []
    let at = 0
    while (at < chunk.length && pieces.length < cutsMax) {
      const size = 1 + Math.floor(random() * faults.pieceBytesMax)
      pieces.push(chunk.subarray(at, at + size))
      at += size
    }
    if (at < chunk.length) pieces.push(chunk.subarray(at))
    return pieces
  }

  #release(): void {
    const taken = this.#taken
    if (taken === undefined || this.#bytesOnTheWay >= windowBytes) return
    this.#taken = undefined
    process.nextTick(taken)
  }
}

function sizeOf(what: Item['what']): number {
  return what instanceof Uint8Array ? what.length : 0
}
