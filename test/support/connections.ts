/** Both ends of one connection, and what to undo after a test. */
import type { Duplex } from 'node:stream'
import { vi } from 'vitest'
import type {
  Carrier,
  CarrierAddress,
  CarrierListener,
  RawConnection,
} from '../../src/transport/carrier.js'

export const anyPort: CarrierAddress = { host: '127.0.0.1', port: 0 }

/** A signal that never aborts. */
export const never: AbortSignal = new AbortController().signal

export interface ConnectedPair {
  readonly listener: CarrierListener
  /** The side that dialled. */
  readonly near: RawConnection
  /** The side that listened. */
  readonly far: RawConnection
  /** Destroys both and closes the listener. */
  readonly undo: () => Promise<void>
}

/** Listens on a free port of 127.0.0.1, or of `host`, and dials it. */
export async function connectPair(
  carrier: Carrier,
  host: string = anyPort.host,
): Promise<ConnectedPair> {
  const accepted: RawConnection[] = []
  const free = { host, port: 0 }
  const listener = await carrier.listen(free, (connection) => accepted.push(connection))
  const near = await carrier.dial(listener.address, never)
  const far = await vi.waitUntil(() => accepted[0], { interval: 1 })
  const undo = async () => {
    near.stream.destroy()
    far.stream.destroy()
    await listener.close()
  }
  return { listener, near, far, undo }
}

/** Resolves when the stream is closed, in whatever way; errors are for others to look at. */
export function whenClosed(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve()
    else stream.once('close', resolve)
  })
}
