/** Connections as the kernels give them to processes; see virtual-wire.ts for what is modelled. */
import type { VirtualProcess } from './virtual-process.js'
import { Lane, type Wire } from './virtual-wire.js'
import type { World } from './virtual-world.js'

/** One end of a connection, as the kernel gives it to its process. */
export class Socket {
  readonly process: VirtualProcess
  readonly #lane: Lane
  readonly #undo: () => void
  peer: Socket | undefined
  #isClosed = false
  #isEnding = false
  #hasEnded = false
  /** What arrives in the process. */
  data: (message: unknown) => void = () => {}
  /** The peer has ended, or the connection was reset; not told to whoever destroyed it. */
  ended: () => void = () => {}

  constructor(process: VirtualProcess, lane: Lane) {
    this.process = process
    this.#lane = lane
    this.#undo = process.onDeath((death) => {
      if (death === 'power') {
        this.#isClosed = true
        this.#lane.cut()
      } else this.destroy()
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  send(message: unknown, trips = 1): void {
    if (this.#isClosed || this.#isEnding) return
    this.#lane.send(() => this.peer?.process.post(() => this.peer?.receive(message)), trips)
  }

  /** Nothing more is sent; the peer ends in turn. */
  end(): void {
    if (this.#isClosed || this.#isEnding) return
    this.#isEnding = true
    this.#tellEnd()
    if (this.#hasEnded) this.#close()
  }

  destroy(): void {
    if (this.#isClosed) return
    this.#close()
    this.#tellEnd()
  }

  /** The connection breaks: what is on its way in either direction is lost, and both ends see it. */
  break(): void {
    const { peer } = this
    for (const one of [this, peer]) one?.cutLane()
    for (const one of [this, peer]) one?.process.post(() => one.receiveEnd())
  }

  cutLane(): void {
    this.#lane.cut()
  }

  receive(message: unknown): void {
    if (!this.#isClosed) this.data(message)
  }

  receiveEnd(): void {
    if (this.#isClosed) return
    this.#hasEnded = true
    if (this.#isEnding) this.#close()
    this.ended()
  }

  #tellEnd(): void {
    this.#lane.send(() => this.peer?.process.post(() => this.peer?.receiveEnd()))
  }

  #close(): void {
    this.#isClosed = true
    this.#undo()
  }
}

/** Both ends of a new connection. */
export function socketPair(
  world: World,
  wire: Wire,
  dialer: VirtualProcess,
  listener: VirtualProcess,
): readonly [Socket, Socket] {
  const near = new Socket(dialer, new Lane(world, wire.down))
  const far = new Socket(listener, new Lane(world, wire.up))
  near.peer = far
  far.peer = near
  return [near, far]
}
