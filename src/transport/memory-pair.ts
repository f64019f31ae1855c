/**
 * Two streams that are each other's other end. What one writes the other reads, and a write is done
 * only when the other side has taken it: back-pressure reaches the writer as it does over a socket.
 *
 * Node's own `duplexPair` is not used because destroying one side does not reach the other there.
 */
import { Duplex } from 'node:stream'

type Callback = (error?: Error | null) => void

function broken(code: 'ECONNRESET' | 'EPIPE'): Error {
  return Object.assign(new Error(`the other end of the memory connection is gone (${code})`), {
    code,
  })
}

class MemoryEnd extends Duplex {
  #other: MemoryEnd | undefined
  /** The writer of the other side waits for this: called when this side wants more to read. */
  #taken: Callback | undefined

  constructor() {
    super({ allowHalfOpen: false })
  }

  join(other: MemoryEnd): void {
    this.#other = other
  }

  override _read(): void {
    this.#release(null)
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    const other = this.#other
    if (other === undefined || other.destroyed) callback(broken('EPIPE'))
    else other.receive(chunk, callback)
  }

  override _final(callback: Callback): void {
    this.#other?.push(null)
    callback()
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#release(broken('ECONNRESET'))
    this.#other?.peerGone()
    callback(error)
  }

  receive(chunk: Buffer, callback: Callback): void {
    this.#taken = callback
    // A copy: over a real network a writer may reuse its buffer once the write is done.
    const hasRoom = this.push(Buffer.from(chunk))
    if (hasRoom) this.#release(null)
  }

  #release(error: Error | null): void {
    const taken = this.#taken
    this.#taken = undefined
    // In a later turn, as a kernel would: two ends that answer each other must not recurse.
    if (taken !== undefined) process.nextTick(taken, error)
  }

  /** The other side was destroyed: as with a TCP reset or FIN, nothing more will come. */
  peerGone(): void {
    if (this.destroyed || this.readableEnded) return
    this.push(null)
  }
}

/**
 * Two joined ends. Both end their own side when the other has ended, as the carriers' contract
 * says.
 */
export function memoryPair(): readonly [Duplex, Duplex] {
  const near = new MemoryEnd()
  const far = new MemoryEnd()
  near.join(far)
  far.join(near)
  return [near, far]
}
