/** A TCP proxy that passes everything on until it goes silent or breaks, as networks do. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

export class BreakableLink {
  #pairs = new Set()
  #isDown = false

  static async to(target) {
    const link = new BreakableLink()
    link.server = createServer((near) => link.#join(near, connect(target, '127.0.0.1')))
    link.server.listen(0, '127.0.0.1')
    await once(link.server, 'listening')
    return link
  }

  get port() {
    return this.server.address().port
  }

  /** Nothing comes through any more, in either direction, and nobody is told. */
  down() {
    this.#isDown = true
    for (const { near, far } of this.#pairs) {
      near.unpipe(far)
      far.unpipe(near)
    }
  }

  /** Everything goes on where it stopped, and new connections come through. */
  up() {
    this.#isDown = false
    for (const pair of this.#pairs) this.#pass(pair)
  }

  /** Resets every connection, in the middle of whatever is on its way. */
  cut() {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }

  close() {
    for (const { near, far } of this.#pairs) {
      near.destroy()
      far.destroy()
    }
    this.server.close()
  }

  #join(near, far) {
    const pair = { near, far }
    this.#pairs.add(pair)
    for (const socket of [near, far]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        near.destroy()
        far.destroy()
        this.#pairs.delete(pair)
      })
    }
    if (!this.#isDown) this.#pass(pair)
  }

  #pass({ near, far }) {
    near.pipe(far)
    far.pipe(near)
  }
}
