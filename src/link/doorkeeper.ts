/**
 * Stands between the port of a child and the handshake: decides which new connections are looked at,
 * who has to make room for them, and counts everybody who did not get in.
 */
import { type ErrorCode, MachinesError } from '../errors.js'
import { managerDebug } from '../system/manager-debug.js'
import type { System } from '../system/system.js'
import { addressGroup, formatAddress } from '../transport/address.js'
import type { CarrierAddress } from '../transport/carrier.js'
import { Lobby } from './lobby.js'
import type { RefusalRate } from './refusal-rate.js'

/** A connection that has proven nothing yet. */
export interface Stranger {
  readonly remote: CarrierAddress
  /** Cuts the connection, and reports the reason with `refused` unless it was refused already. */
  dismiss(reason: MachinesError): void
}

/**
 * Refusals that say nothing against an address: the parent had proven who it is, this side gave up,
 * or the parent is merely of another version.
 */
const blameless: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DM_PARENT_BUSY',
  'DM_EPOCH_OLD',
  'DM_STOPPED',
  'DM_CONNECTION_LIMIT',
  'DM_REFUSED_TOO_OFTEN',
  'DM_PROTOCOL_VERSION',
])

const debug = managerDebug('discordoo:machines:link:server')

export class Doorkeeper {
  /** How many were refused since the start, by code. */
  readonly refusals: Map<ErrorCode, number> = new Map()
  readonly #system: System
  readonly #rate: RefusalRate
  readonly #onRefused: (reason: MachinesError, remote: string) => void
  readonly #lobby = new Lobby<Stranger>()

  constructor(
    system: System,
    rate: RefusalRate,
    onRefused: (reason: MachinesError, remote: string) => void,
  ) {
    this.#system = system
    this.#rate = rate
    this.#onRefused = onRefused
  }

  /** Whether a new connection may begin its handshake; if not, it was dismissed. */
  admit(stranger: Stranger): boolean {
    const address = addressGroup(stranger.remote.host)
    const waitMs = this.#rate.waitMs(address, this.#system.now())
    if (waitMs > 0) {
      stranger.dismiss(tooOften(address, waitMs))
      return false
    }
    const leaving = this.#lobby.enter(stranger, address, this.#rate.isProven(address))
    leaving?.dismiss(noRoom())
    return leaving !== stranger
  }

  /** The parent behind this connection has proven who it is. */
  proven({ remote }: Stranger): void {
    this.#rate.succeeded(addressGroup(remote.host))
  }

  /** The connection is closed, or a link by now. */
  leave(stranger: Stranger): void {
    this.#lobby.leave(stranger)
  }

  /** Counts and reports somebody who did not get in; once for each. */
  refused(reason: MachinesError, { remote }: Stranger): void {
    const { code, message } = reason
    const who = formatAddress(remote)
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
    if (!blameless.has(code)) this.#rate.failed(addressGroup(remote.host), this.#system.now())
    debug('refused %s: %s: %s', who, code, message)
    this.#onRefused(reason, who)
  }
}

function tooOften(address: string, waitMs: number): MachinesError {
  const seconds = (waitMs / 1_000).toFixed(1)
  return new MachinesError(
    'DM_REFUSED_TOO_OFTEN',
    `too many handshakes with ${address} failed; its connections are closed for ${seconds} s more`,
    { given: address },
  )
}

function noRoom(): MachinesError {
  const message = 'the connection had to make room for another one before it had proven anything'
  return new MachinesError('DM_CONNECTION_LIMIT', message)
}
