/** The local channel between a manager and an instance: whole frames, in order, until one side ends. */
import type {
  ChannelEvents,
  InstanceChannel,
} from '../../../src/instances/channel/instance-channel.js'
import type { VirtualProcess } from './virtual-process.js'
import { Direction, Lane } from './virtual-wire.js'

/** A socket pair is fast, but a loaded machine is not. */
const delayMsMax = 4

export class VirtualChannel implements InstanceChannel {
  events: ChannelEvents = { frame() {}, close() {} }
  readonly #process: VirtualProcess
  readonly #lane: Lane
  #other: VirtualChannel | undefined
  /** `ending`: what was sent goes out still, and then nothing more. */
  #state: 'open' | 'ending' | 'closed' = 'open'

  private constructor(process: VirtualProcess) {
    const { world } = process.host
    this.#process = process
    this.#lane = new Lane(world, new Direction(world, delayMsMax))
    process.onDeath(() => {
      this.#state = 'closed'
      this.#tellEnd()
    })
  }

  static pair(one: VirtualProcess, other: VirtualProcess): [VirtualChannel, VirtualChannel] {
    const [near, far] = [new VirtualChannel(one), new VirtualChannel(other)]
    near.#other = far
    far.#other = near
    return [near, far]
  }

  send(op: number, payload: Uint8Array = new Uint8Array(0)): boolean {
    if (this.#state !== 'open' || !this.#process.isAlive) return false
    const copy = payload.slice()
    this.#carry((other) => {
      if (other.#state !== 'closed') other.events.frame(op, copy)
    })
    return true
  }

  close(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    this.#tellEnd()
  }

  ref(): void {}

  unref(): void {}

  #tellEnd(): void {
    this.#carry((other) => other.#peerEnded())
  }

  #peerEnded(): void {
    if (this.#state === 'closed') return
    const wasEnding = this.#state === 'ending'
    this.#state = 'closed'
    // Only now is the other side done as well.
    if (!wasEnding) this.#tellEnd()
    this.events.close()
  }

  #carry(action: (other: VirtualChannel) => void): void {
    const other = this.#other
    if (other !== undefined) this.#lane.send(() => other.#process.post(() => action(other)))
  }
}
