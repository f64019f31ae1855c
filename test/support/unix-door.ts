/** A way to a port of this host for processes of other network namespaces: a socket that is a file. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export class UnixDoor {
  readonly path: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(path: string, port: number) {
    this.path = path
    this.#server = createServer((near) => this.#join(near, connect(port, '127.0.0.1')))
  }

  static async open(path: string, port: number): Promise<UnixDoor> {
    const door = new UnixDoor(path, port)
    door.#server.listen(path)
    await once(door.#server, 'listening')
    return door
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #join(near: Socket, far: Socket): void {
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      one.pipe(other)
      one.on('error', () => {})
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
  }
}
