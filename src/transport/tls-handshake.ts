/** One TLS handshake, on either side, that ends in time and leaves nothing behind when it fails. */
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { MachinesError, toError } from '../errors.js'
import { formatAddress } from './address.js'
import type { RawConnection } from './carrier.js'
import { tlsReason } from './tls-failure.js'

function ignore(): void {}

/**
 * From now on an error of this stream does not end the process; `errored` and `close` tell of it.
 */
export function survive(stream: Duplex): void {
  stream.on('error', ignore)
}

/** Begins to speak TLS; calls one of the two sooner or later. */
type Start = (done: (socket: TLSSocket) => void, failed: (reason: Error) => void) => void

/** Runs one TLS handshake; whatever ends it early, the connection is destroyed. */
export function shakeHands(
  connection: RawConnection,
  signal: AbortSignal,
  start: Start,
): Promise<TLSSocket> {
  const { stream } = connection
  survive(stream)
  return new Promise((resolve, reject) => {
    const undo = () => signal.removeEventListener('abort', onAbort)
    const giveUp = (reason: unknown) => {
      undo()
      stream.destroy()
      reject(reason)
    }
    const onAbort = () => giveUp(signal.reason)
    const failed = (cause: Error) => giveUp(tlsFailed(connection, tlsReason(cause), cause))
    if (signal.aborted) {
      onAbort()
      return
    }
    if (stream.destroyed) {
      failed(new Error('the connection was closed'))
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const done = (socket: TLSSocket) => {
      undo()
      // From here on nobody may be listening for a while, and a reset must not end the process.
      survive(socket)
      resolve(socket)
    }
    try {
      start(done, failed)
    } catch (thrown) {
      failed(toError(thrown))
    }
  })
}

export function tlsFailed(connection: RawConnection, reason: string, cause?: Error): MachinesError {
  return new MachinesError(
    'DM_TLS_FAILED',
    `TLS with ${formatAddress(connection.remote)} failed: ${reason}`,
    cause === undefined ? {} : { cause },
  )
}
