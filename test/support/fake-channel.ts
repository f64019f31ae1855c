/** One side of a local channel that records what was sent and receives what a test says. */
import type {
  ChannelEvents,
  InstanceChannel,
} from '../../src/instances/channel/instance-channel.js'

export class FakeChannel implements InstanceChannel {
  events: ChannelEvents = { frame() {}, close() {} }
  /** `op:payload` of every frame sent, and `close`, `ref`, `unref`. */
  readonly calls: string[] = []
  /** Every frame sent, as it is. */
  readonly sent: { readonly op: number; readonly payload: Uint8Array }[] = []
  #open = true

  send(op: number, payload: Uint8Array = new Uint8Array(0)): boolean {
    if (this.#open) {
      this.calls.push(`${op}:${Buffer.from(payload).toString()}`)
      this.sent.push({ op, payload })
    }
    return this.#open
  }

  close(): void {
    this.calls.push('close')
    this.#open = false
  }

  ref(): void {
    this.calls.push('ref')
  }

  unref(): void {
    this.calls.push('unref')
  }

  /** The other side sends a frame. */
  receive(op: number, payload: string | Uint8Array = ''): void {
    this.events.frame(op, typeof payload === 'string' ? Buffer.from(payload) : payload)
  }

  /** The channel has closed. */
  lose(error?: Error): void {
    this.#open = false
    this.events.close(error)
  }
}
