/** From a raw connection to an authenticated one: TLS, then the handshake, within one deadline. */
import { MachinesError, toError } from '../errors.js'
import { limits } from '../limits.js'
import type { System } from '../system/system.js'
import { formatAddress } from '../transport/address.js'
import type { RawConnection } from '../transport/carrier.js'
import type { SecuredConnection } from '../transport/secured-connection.js'
import { type ProtocolRange, protocolRange } from './codec/preface.js'
import { Connection, type ConnectionUser } from './connection.js'
import type { Handshake, HandshakeContext } from './handshake/handshake.js'
import { nonceBytes } from './handshake/messages.js'
import type { LinkTrust } from './handshake/trust.js'
import { HandshakeDriver } from './handshake-driver.js'

/** What dialled and accepted links have in common. */
export interface LinkSetup {
  readonly system: System
  readonly trust: LinkTrust
  /** Wraps a raw connection in TLS, or declares it plain. Gives up when the signal aborts. */
  secure(raw: RawConnection, signal: AbortSignal): Promise<SecuredConnection>
  /** Time between two heartbeats in ms. */
  readonly heartbeatMs: number
  /** After so much silence the connection counts as lost, ms. Default: four heartbeats. */
  readonly silenceMs?: number
  /** How long a broken link may take to come back, ms. Default limits.sessionResumeWindowMs. */
  readonly resumeWindowMs?: number
  /** Bytes that one side keeps until they are confirmed. Default limits.sessionBufferBytesMax. */
  readonly bufferBytesMax?: number
  /** Protocol versions to offer. Default: all that this version of the package speaks. */
  readonly protocols?: ProtocolRange
}

export interface EstablishOptions<Result> {
  readonly setup: LinkSetup
  readonly raw: RawConnection
  handshake(context: HandshakeContext): Handshake<Result>
  established(connection: Connection, result: Result): ConnectionUser
  failed(reason: MachinesError): void
}

/** A connection on its way. */
export interface Attempt {
  /** Gives up; `failed` is called with the reason, unless the attempt is over already. */
  abort(reason: MachinesError): void
}

/** Starts; ends with exactly one call of `established` or `failed`. */
export function establish<Result>(options: EstablishOptions<Result>): Attempt {
  const { setup, raw } = options
  const controller = new AbortController()
  let driver: HandshakeDriver<Result> | undefined
  let isOver = false
  const finish = () => {
    isOver = true
    cancelDeadline()
  }
  const failed = (reason: MachinesError) => {
    if (isOver) return
    finish()
    options.failed(reason)
  }
  const abort = (reason: MachinesError) => {
    if (isOver) return
    controller.abort(reason)
    if (driver === undefined) raw.stream.destroy()
    else driver.failed(reason)
    failed(reason)
  }
  const cancelDeadline = setup.system.setTimer(limits.handshakeTimeoutMs, () =>
    abort(new MachinesError('DM_HANDSHAKE_TIMEOUT', 'the handshake did not finish in time')),
  )
  const onSecured = (secured: SecuredConnection) => {
    if (isOver || secured.stream.destroyed) {
      secured.stream.destroy()
      failed(new MachinesError('DM_LINK_LOST', 'the connection was closed before the handshake'))
      return
    }
    const connection = new Connection(secured.stream, setup.system)
    driver = new HandshakeDriver<Result>({
      connection,
      handshake: options.handshake(contextOf(setup, secured)),
      failed,
      established: (result) => {
        const user = options.established(connection, result)
        finish()
        return user
      },
    })
    driver.begin()
  }
  setup
    .secure(raw, controller.signal)
    .then(onSecured)
    .catch((error: unknown) => {
      raw.stream.destroy()
      failed(asMachinesError(error, 'the connection could not be secured'))
    })
  return { abort }
}

function contextOf(setup: LinkSetup, secured: SecuredConnection): HandshakeContext {
  return {
    trust: setup.trust,
    range: setup.protocols ?? protocolRange,
    channelBinding: secured.channelBinding,
    certificate: secured.certificate,
    remote: formatAddress(secured.remote),
    nonce: setup.system.randomBytes(nonceBytes),
  }
}

/** Carriers and TLS give MachinesErrors; anything else is wrapped, so that owners see only those. */
export function asMachinesError(thrown: unknown, message: string): MachinesError {
  if (thrown instanceof MachinesError) return thrown
  return new MachinesError('DM_DIAL_FAILED', message, { cause: toError(thrown) })
}
