/** A TCP proxy between two managers that does to their connections what bad networks do. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

interface Pair {
  readonly near: Socket
  readonly far: Socket
}

export class FaultProxy {
  readonly port: number
  readonly #server: Server
  readonly #pairs: Set<Pair> = new Set()
  #isFrozen = false

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  /** Listens on a free port of 127.0.0.1 and passes everything on to `target`. */
  static async to(target: number): Promise<FaultProxy> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const proxy = new FaultProxy(server, port)
    server.on('connection', (near) => proxy.#join(near, connect(target, '127.0.0.1')))
    return proxy
  }

  get connections(): number {
    return this.#pairs.size
  }

  /** Resets every connection, in the middle of whatever is on its way. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }

  /** Half-open: connections stay, old and new; nothing comes through in either direction any more. */
  freeze(): void {
    this.#isFrozen = true
    for (const { near, far } of this.#pairs) {
      near.pause()
      far.pause()
    }
  }

  /** New connections work again; those that were frozen stay so until somebody ends them. */
  thaw(): void {
    this.#isFrozen = false
  }

  /** Everything goes on where it stopped, as after a cable that was out for a moment. */
  resume(): void {
    this.#isFrozen = false
    for (const { near, far } of this.#pairs) {
      near.resume()
      far.resume()
    }
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const { near, far } of this.#pairs) {
      near.destroy()
      far.destroy()
    }
    await once(this.#server, 'close')
  }

  #join(near: Socket, far: Socket): void {
    const pair = { near, far }
    this.#pairs.add(pair)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('data', (bytes) => {
        if (!other.write(bytes)) one.pause()
      })
      other.on('drain', () => {
        if (!this.#isFrozen) one.resume()
      })
      one.on('error', () => {})
      one.on('close', () => {
        other.destroy()
        this.#pairs.delete(pair)
      })
      if (this.#isFrozen) one.pause()
    }
  }
}
