/**
 * Connections inside one process, for tests and simulations: the same contract as TCP, no kernel.
 * Listeners are registered by address in a {@link MemoryNetwork}; only dialers of the same network
 * find them.
 */
import { MachinesError } from '../errors.js'
import { formatAddress } from './address.js'
import type { Carrier, CarrierAddress, CarrierListener, RawConnection } from './carrier.js'
import { ConnectionGate, type ConnectionLimits } from './connection-gate.js'
import { memoryPair } from './memory-pair.js'

interface MemoryListener {
  readonly gate: ConnectionGate
  readonly onConnection: (connection: RawConnection) => void
}

/** The range that operating systems too take free ports from (RFC 6335, section 6). */
const freePortFirst = 49_152
const portMax = 65_535

function ignore(): void {}

/** Which addresses are listened on. */
export class MemoryNetwork {
  readonly #listeners = new Map<string, MemoryListener>()
  #portsGiven = 0

  /** A port that was not given before, until the range starts over. */
  freePort(): number {
    const port = freePortFirst + (this.#portsGiven % (portMax - freePortFirst + 1))
    this.#portsGiven += 1
    return port
  }

  /** Registers a listener; `false` when the address is taken. */
  bind(address: CarrierAddress, listener: MemoryListener): boolean {
    const key = formatAddress(address)
    if (this.#listeners.has(key)) return false
    this.#listeners.set(key, listener)
    return true
  }

  find(address: CarrierAddress): MemoryListener | undefined {
    return this.#listeners.get(formatAddress(address))
  }

  /** Undoes `bind`; does nothing if somebody else listens there by now. */
  release(address: CarrierAddress, listener: MemoryListener): void {
    if (this.find(address) === listener) this.#listeners.delete(formatAddress(address))
  }
}

/** The carrier of one machine in a network; `localHost` is the address that its peers see. */
export function memoryCarrier(
  network: MemoryNetwork,
  localHost = 'memory',
  bounds: ConnectionLimits = {},
): Carrier {
  return {
    name: 'memory',
    dial: (address, signal) => dial(network, localHost, address, signal),
    listen: (address, onConnection, signal) =>
      listen(network, address, bounds, onConnection, signal),
  }
}

async function dial(
  network: MemoryNetwork,
  localHost: string,
  address: CarrierAddress,
  signal: AbortSignal,
): Promise<RawConnection> {
  // No network answers within the same turn; code that relies on it would fail on TCP only.
  await Promise.resolve()
  signal.throwIfAborted()
  const listener = network.find(address)
  if (listener === undefined) {
    throw new MachinesError(
      'DM_DIAL_FAILED',
      `cannot connect to ${formatAddress(address)}: nothing listens there`,
    )
  }
  const [near, far] = memoryPair()
  near.on('error', ignore)
  far.on('error', ignore)
  if (listener.gate.enter(localHost)) {
    far.once('close', () => listener.gate.leave(localHost))
    listener.onConnection({ stream: far, remote: { host: localHost, port: network.freePort() } })
  } else {
    // As with TCP the dialer has its connection already when the listener turns it away.
    far.destroy()
  }
  return { stream: near, remote: address }
}

async function listen(
  network: MemoryNetwork,
  wanted: CarrierAddress,
  bounds: ConnectionLimits,
  onConnection: (connection: RawConnection) => void,
  signal: AbortSignal | undefined,
): Promise<CarrierListener> {
  await Promise.resolve()
  signal?.throwIfAborted()
  const address = wanted.port === 0 ? { host: wanted.host, port: network.freePort() } : wanted
  const listener: MemoryListener = { gate: new ConnectionGate(bounds), onConnection }
  if (!network.bind(address, listener)) {
    throw new MachinesError(
      'DM_LISTEN_FAILED',
      `cannot listen on ${formatAddress(address)}: another listener uses this port`,
    )
  }
  return {
    address,
    get refused() {
      return listener.gate.refused
    },
    close() {
      network.release(address, listener)
      return Promise.resolve()
    },
  }
}
