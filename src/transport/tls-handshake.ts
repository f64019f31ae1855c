/** One TLS handshake, on either side, that ends in time and leaves nothing behind when it fails. */
import { Socket } from 'node:net'
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

/**
 * Waits until the peer has said something, or has gone, or the signal aborts. To be ready for TLS
 * takes a few milliseconds of work, which a connection that is merely open is not worth: thousands
 * of those would keep the event loop from its real peers. False: nothing came, and nothing will.
 */
export function untilFirstByte({ stream }: RawConnection, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const look = () => {
      stream.off('readable', look).off('close', look)
      signal.removeEventListener('abort', look)
      resolve(stream.readableLength > 0 || signal.aborted)
    }
    if (stream.readableLength > 0 || stream.destroyed || signal.aborted) {
      look()
      return
    }
    // An end without a byte before it makes a stream `readable` as well.
    stream.on('readable', look).on('close', look)
    signal.addEventListener('abort', look, { once: true })
  })
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
      // TLS ends the stream by itself, after its last record. One that is no socket would otherwise
      // end as soon as the peer has ended, and what TLS has not written by then would be lost.
      if (!(stream instanceof Socket)) stream.allowHalfOpen = true
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
