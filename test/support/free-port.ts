/**
 * A port of 127.0.0.1 that nobody listens on now. Not one of those that the system gives to whoever
 * asks for port 0: another test could be given it before it is used here.
 */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Linux gives ports from 32,768 on, other systems from 49,152. */
const portMin = 15_000
const portMax = 32_767

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(portMin, portMax + 1)
    const server = createServer()
    try {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      server.close()
      await once(server, 'close')
      return port
    } catch (error) {
      if (!isInUse(error)) throw error
    }
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
