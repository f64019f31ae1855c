/** Two ends of one connection with a flow in each direction, as streams that carriers hand out. */
import { Duplex } from 'node:stream'
import { Flow, type FlowReceiver, type FlowWorld } from './flow.js'

type Callback = (error?: Error | null) => void

/** What a connection needs to know of its network. */
export interface ConnectionWorld {
  readonly system: FlowWorld['system']
  readonly random: () => number
  /** Asked anew for every piece: faults may change while a connection lives. */
  faults(): FlowWorld['faults']
  isBlocked(from: string, to: string): boolean
  count(what: 'stalls' | 'bytesLost' | 'resets' | 'frozen', by: number): void
  /** Both ends are gone; last call. */
  gone(connection: FaultyConnection): void
}

class FaultyEnd extends Duplex implements FlowReceiver {
  #out: Flow | undefined
  #in: Flow | undefined

  constructor() {
    super({ allowHalfOpen: false })
    // The carrier's contract: a peer that fails must not end the process.
    this.on('error', () => {})
  }

  join(out: Flow, into: Flow): void {
    this.#out = out
    this.#in = into
  }

  override _read(): void {
    this.#in?.wanted()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    // A copy: over a real network a writer may reuse its buffer once the write is done.
    this.#out?.send(Buffer.from(chunk), callback)
  }

  override _final(callback: Callback): void {
    this.#out?.end()
    callback()
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#out?.end()
    this.#in?.receiverGone()
    callback(error)
  }

  arrive(bytes: Uint8Array): boolean {
    return this.push(bytes)
  }

  arriveEnd(): void {
    this.push(null)
  }

  arriveReset(): void {
    const reset = new Error('the connection was reset by the faulty network (ECONNRESET)')
    this.destroy(Object.assign(reset, { code: 'ECONNRESET' }))
  }
}

export class FaultyConnection {
  readonly near: Duplex
  readonly far: Duplex
  /** From the host that dialled, and to it. */
  readonly #out: Flow
  readonly #back: Flow
  readonly #world: ConnectionWorld

  /** `from`: the host that dialled; `to`: the one that listens. */
  constructor(world: ConnectionWorld, from: string, to: string) {
    this.#world = world
    const near = new FaultyEnd()
    const far = new FaultyEnd()
    this.#out = new Flow(
      this.#directed(from, to, () => this.#out),
      far,
    )
    this.#back = new Flow(
      this.#directed(to, from, () => this.#back),
      near,
    )
    near.join(this.#out, this.#back)
    far.join(this.#back, this.#out)
    this.near = near
    this.far = far
    const closed = () => {
      if (near.closed && far.closed) world.gone(this)
    }
    near.once('close', closed)
    far.once('close', closed)
  }

  /** Breaks the connection; both sides hear of it, as far as the network lets them. */
  reset(): void {
    this.#world.count('resets', 1)
    this.#out.break()
    this.#back.break()
  }

  /** Nothing arrives any more, and nobody is told. */
  freeze(): void {
    this.#world.count('frozen', 1)
    this.#out.freeze()
    this.#back.freeze()
  }

  /** A partition was healed. */
  pump(): void {
    this.#out.pump()
    this.#back.pump()
  }

  /** The world as one of the two flows sees it. */
  #directed(from: string, to: string, self: () => Flow): FlowWorld {
    const world = this.#world
    return {
      system: world.system,
      random: world.random,
      get faults() {
        return world.faults()
      },
      isBlocked: () => world.isBlocked(from, to),
      reset: () => this.reset(),
      freezeOne: () => {
        world.count('frozen', 1)
        self().freeze()
      },
      freezeBoth: () => this.freeze(),
      count: (what, by) => world.count(what, by),
    }
  }
}
