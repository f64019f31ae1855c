/**
 * A network inside one process that fails as real ones do, on a virtual clock and from a seed: what
 * goes wrong once goes wrong again, at the same byte, when the seed is given again.
 *
 * Hosts have names. `carrier('berlin')` is what a program on that host dials and listens with; the
 * host of an address names the machine that it leads to. Faults come from the dice (`faults`) or on
 * command (`partition`, `cut`, `freeze`).
 *
 * Modelled after TigerBeetle's packet simulator and memberlist's mock network, one layer higher: a
 * carrier gives streams, so here connections suffer and not packets (see `faults.ts`). What does get
 * doubled and reordered are connections: a listener may see one whose dialer has given up, and hear
 * that an old one has ended after a newer one was made.
 */
import { MachinesError } from '../errors.js'
import { type System, sleep } from '../system/system.js'
import { formatAddress } from '../transport/address.js'
import type { Carrier, CarrierAddress, RawConnection } from '../transport/carrier.js'
import type { ConnectionLimits } from '../transport/connection-gate.js'
import { MemoryNetwork, memoryCarrier } from '../transport/memory.js'
import { completeFaults, type Faults, noFaults } from './faults.js'
import { type ConnectionWorld, FaultyConnection } from './faulty-connection.js'
import { Partitions } from './partitions.js'
import { seededRandom } from './seeded-random.js'

export interface FaultyNetworkOptions {
  /** Clock and timers; give a VirtualSystem, or `realSystem` to fail in real time. */
  readonly system: System
  /** Where the dice begin; print it when something fails. */
  readonly seed: number
  /** What the dice decide about. Default: nothing, until `setFaults()`. */
  readonly faults?: Partial<Faults>
}

/** What was done to the traffic until now. */
export interface FaultCounts {
  /** Dials, and those of them that failed or were never answered by chance. */
  readonly dials: number
  readonly dialsFailed: number
  readonly dialsLost: number
  /** Connections that were broken, and directions or connections that went silent. */
  readonly resets: number
  readonly frozen: number
  readonly stalls: number
  /** Bytes that were written and never arrived. */
  readonly bytesLost: number
}

export interface PartitionOptions {
  /** Only what the first host sends is held up. Default false: both directions. */
  readonly oneWay?: boolean
}

export class FaultyNetwork {
  readonly seed: number
  readonly #system: System
  readonly #random: () => number
  readonly #listeners = new MemoryNetwork()
  readonly #partitions = new Partitions()
  readonly #open = new Set<FaultyConnection>()
  readonly #world: ConnectionWorld
  readonly #counts: { -readonly [Name in keyof FaultCounts]: FaultCounts[Name] } = {
    dials: 0,
    dialsFailed: 0,
    dialsLost: 0,
    resets: 0,
    frozen: 0,
    stalls: 0,
    bytesLost: 0,
  }
  #faults: Faults

  /** Throws DM_OPTION_UNKNOWN or DM_OPTION_VALUE for faults that make no sense. */
  constructor({ system, seed, faults = {} }: FaultyNetworkOptions) {
    this.seed = seed
    this.#system = system
    this.#random = seededRandom(seed)
    this.#faults = completeFaults(faults)
    this.#world = {
      system,
      random: this.#random,
      faults: () => this.#faults,
      isBlocked: (from, to) => this.#partitions.isBlocked(from, to),
      count: (what, by) => {
        this.#counts[what] += by
      },
      gone: (connection) => this.#open.delete(connection),
    }
  }

  /** A snapshot. */
  get counts(): FaultCounts {
    return { ...this.#counts }
  }

  /** Connections of which at least one end is still open. */
  get openConnections(): number {
    return this.#open.size
  }

  /** The carrier of the host with this name; `bounds` are those of its listeners. */
  carrier(host: string, bounds: ConnectionLimits = {}): Carrier {
    return {
      ...memoryCarrier(this.#listeners, host, bounds),
      dial: (address, signal) => this.#dial(host, address, signal),
    }
  }

  /** Faults for everything that is sent from now on; throws as the constructor does. */
  setFaults(faults: Partial<Faults>): void {
    this.#faults = completeFaults(faults)
  }

  /**
   * Holds up what the two hosts send each other, new connections too, until it is healed. Nothing is
   * lost by that, as a carrier sends again; whoever finds the wait too long gives up by himself.
   */
  partition(from: string, to: string, { oneWay = false }: PartitionOptions = {}): void {
    this.#partitions.block(from, to)
    if (!oneWay) this.#partitions.block(to, from)
  }

  /** Ends the partition of these two hosts, in both directions; what was held up arrives. */
  heal(one: string, other: string): void {
    this.#partitions.heal(one, other)
    this.#partitions.heal(other, one)
    this.#pump()
  }

  /** Ends all partitions. */
  healAll(): void {
    this.#partitions.healAll()
    this.#pump()
  }

  /** Breaks every open connection, as `resetChance` does. */
  cut(): void {
    for (const connection of this.#open) connection.reset()
  }

  /** Every open connection goes on looking alive and carries nothing more. */
  freeze(): void {
    for (const connection of this.#open) connection.freeze()
  }

  /** Fair weather: no partitions, no more faults. What is frozen stays so until somebody notices. */
  calm(): void {
    this.setFaults(noFaults)
    this.healAll()
  }

  #pump(): void {
    for (const connection of this.#open) connection.pump()
  }

  async #dial(from: string, address: CarrierAddress, signal: AbortSignal): Promise<RawConnection> {
    const to = address.host
    this.#counts.dials += 1
    await this.#travel(from, to, signal)
    await this.#suffer(address, signal)
    const listener = this.#listeners.find(address)
    if (listener === undefined) {
      throw new MachinesError(
        'DM_DIAL_FAILED',
        `cannot connect to ${formatAddress(address)}: nothing listens there`,
      )
    }
    const connection = new FaultyConnection(this.#world, from, to)
    this.#open.add(connection)
    if (listener.gate.enter(from)) {
      connection.far.once('close', () => listener.gate.leave(from))
      const remote = { host: from, port: this.#listeners.freePort() }
      listener.onConnection({ stream: connection.far, remote })
    } else {
      connection.far.destroy()
    }
    try {
      await this.#travel(to, from, signal)
    } catch (reason) {
      // The listener has a connection by now that nobody wanted, and hears of it later.
      connection.near.destroy()
      throw reason
    }
    return { stream: connection.near, remote: address }
  }

  /** One way through the network. */
  async #travel(from: string, to: string, signal: AbortSignal): Promise<void> {
    // No network answers within the same turn; code that relies on it would fail on TCP only.
    await Promise.resolve()
    signal.throwIfAborted()
    const { delayMs, jitterMs } = this.#faults
    const wayMs = delayMs + (jitterMs > 0 ? this.#random() * jitterMs : 0)
    if (wayMs > 0) await sleep(this.#system, wayMs, signal)
    await this.#partitions.untilOpen(from, to, signal)
    signal.throwIfAborted()
  }

  /** Lets a dial fail, or wait for ever, if the dice say so. */
  async #suffer(address: CarrierAddress, signal: AbortSignal): Promise<void> {
    if (this.#random() < this.#faults.dialFailChance) {
      this.#counts.dialsFailed += 1
      throw new MachinesError(
        'DM_DIAL_FAILED',
        `cannot connect to ${formatAddress(address)}: the faulty network does not let it`,
      )
    }
    if (this.#random() < this.#faults.dialLostChance) {
      this.#counts.dialsLost += 1
      await aborted(signal)
    }
  }
}

/** Never resolves; rejects with the signal's reason. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
