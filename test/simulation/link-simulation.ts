/**
 * A parent and a child that talk over a faulty network while somebody pulls cables, restarts the one
 * and redials with the other: real dialer and server, virtual clock, all from one seed.
 */
import type { MachinesError } from '../../src/errors.js'
import { limits } from '../../src/limits.js'
import type { DialEvents, Link, LinkEvents } from '../../src/link/link.js'
import { type DialedLink, dialLink } from '../../src/link/link-dialer.js'
import { type LinkServer, serveLinks } from '../../src/link/link-server.js'
import { randomFaults } from '../../src/testing/faults.js'
import { FaultyNetwork } from '../../src/testing/faulty-network.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { VirtualSystem } from '../../src/testing/virtual-system.js'
import type { RawConnection } from '../../src/transport/carrier.js'
import type { SecuredConnection } from '../../src/transport/secured-connection.js'
import { cheapTrust } from './cheap-trust.js'
import { Ledger, Outbox } from './ledger.js'

const address = { host: 'child', port: 8379 }
/** As a WAN would have it; fewer beats also mean fewer timers to run. */
const heartbeatMs = 3_000
/** Four silent beats, then an attempt that is not answered, then the longest wait and a handshake. */
const recoveryMsMax =
  5 * heartbeatMs +
  limits.dialAttemptTimeoutMs +
  limits.redialDelayMsMax +
  limits.handshakeTimeoutMs +
  1_000
/** Bytes that one seed may send, both directions together. */
const bytesMax = 5_000_000

function plain({ stream, remote }: RawConnection): Promise<SecuredConnection> {
  const channelBinding = new Uint8Array(0)
  return Promise.resolve({ stream, remote, channelBinding, encrypted: false, certificate: 'none' })
}

/** What the two ends of a run went through, to see that it was worth it. */
export interface SimulationCounts {
  readonly messages: number
  readonly lost: number
  readonly resumes: number
  readonly resets: number
}

export class LinkSimulation {
  readonly system: VirtualSystem
  readonly network: FaultyNetwork
  readonly #random: () => number
  readonly #down = new Ledger('parent to child')
  readonly #up = new Ledger('child to parent')
  readonly #problems: string[] = []
  #server: LinkServer | undefined
  #parent: DialedLink | undefined
  #parentOutbox = new Outbox(this.#down)
  #parentHasClosed = false
  #child: { readonly link: Link; readonly outbox: Outbox } | undefined
  #bytesLeft = bytesMax
  #resumes = 0
  #resets = 0

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    this.system = new VirtualSystem(seed)
    const faults = randomFaults(this.#random)
    this.network = new FaultyNetwork({ system: this.system, seed, faults })
  }

  get problems(): readonly string[] {
    return [...this.#down.problems, ...this.#up.problems, ...this.#problems]
  }

  get counts(): SimulationCounts {
    const [down, up] = [this.#down.counts, this.#up.counts]
    return {
      messages: down.taken + up.taken,
      lost: down.lost + up.lost,
      resumes: this.#resumes,
      resets: this.#resets,
    }
  }

  /** The whole run; stops at the first problem. */
  async run(steps: number): Promise<void> {
    await this.#serve()
    this.#dial()
    for (let step = 0; step < steps && this.problems.length === 0; step++) await this.#step()
    if (this.problems.length === 0) await this.#recover()
    await this.#end()
  }

  async #step(): Promise<void> {
    if (this.#parentHasClosed) this.#dial()
    const dice = this.#random()
    if (dice < 0.35) this.#sendDown(1 + this.#pick(8))
    else if (dice < 0.7) this.#sendUp(1 + this.#pick(8))
    else if (dice < 0.92) await this.system.advance(this.#random() ** 2 * 3_000)
    else if (dice < 0.93) this.network.partition('parent', 'child', { oneWay: this.#pick(2) === 0 })
    else if (dice < 0.97) this.network.healAll()
    else if (dice < 0.985) this.network.cut()
    else if (dice < 0.99) this.network.freeze()
    else await this.#upheaval()
  }

  /** What happens rarely: long silence, and either side begins anew. */
  async #upheaval(): Promise<void> {
    const dice = this.#random()
    if (dice < 0.2) await this.system.advance(limits.sessionResumeWindowMs * 1.1)
    else if (dice < 0.5) await this.system.stall(this.#random() * 20_000)
    else if (dice < 0.75) await this.#restartChild()
    else await this.#closeParent()
  }

  /** Whole number in [0, below). */
  #pick(below: number): number {
    return Math.floor(this.#random() * below)
  }

  #messageBytes(): number {
    const dice = this.#random()
    let bytes = 8 + this.#pick(300)
    if (dice < 0.1) bytes = 1_000 + this.#pick(9_000)
    // Around whatever power of two a buffer, frame or chunk may end at: 4 KiB to 1 MiB.
    else if (dice < 0.14) bytes = 2 ** (12 + this.#pick(9)) - 20 + this.#pick(40)
    if (bytes > this.#bytesLeft) bytes = 8
    this.#bytesLeft -= bytes
    return bytes
  }

  #sendDown(count: number): void {
    const link = this.#parent
    if (link === undefined) return
    for (let n = 0; n < count; n++) {
      this.#parentOutbox.send(this.#messageBytes(), (message) => link.send(message))
    }
  }

  #sendUp(count: number): void {
    const child = this.#child
    if (child === undefined) return
    for (let n = 0; n < count; n++) {
      child.outbox.send(this.#messageBytes(), (message) => child.link.send(message))
    }
  }

  #dial(): void {
    this.#parentHasClosed = false
    const outbox = new Outbox(this.#down)
    this.#parentOutbox = outbox
    const events: DialEvents = {
      ...this.#events(outbox, this.#up),
      closed: () => {
        outbox.over([])
        this.#parentHasClosed = true
      },
      refused: () => {},
    }
    this.#parent = dialLink({
      system: this.system,
      carrier: this.network.carrier('parent'),
      address,
      secure: plain,
      trust: cheapTrust(1),
      heartbeatMs,
      epoch: 1,
      about: () => null,
      events,
    })
    this.#parent.start()
  }

  async #serve(): Promise<void> {
    this.#server = await serveLinks({
      system: this.system,
      carrier: this.network.carrier('child'),
      address,
      secure: plain,
      trust: cheapTrust(2),
      heartbeatMs,
      about: () => null,
      admit: () => ({ accept: true, about: null }),
      onLink: (link) => {
        const outbox = new Outbox(this.#up)
        this.#child = { link, outbox }
        return { ...this.#events(outbox, this.#down), closed: () => outbox.over([]) }
      },
      onRefused: () => {},
    })
  }

  #events(outbox: Outbox, incoming: Ledger): Omit<LinkEvents, 'closed'> {
    return {
      up: ({ resumed }) => {
        if (resumed) this.#resumes += 1
      },
      down: () => {},
      message: (bytes) => incoming.receive(bytes),
      reset: (_reason: MachinesError, lost) => {
        this.#resets += 1
        outbox.over(lost)
      },
      health: () => {},
    }
  }

  async #restartChild(): Promise<void> {
    await this.#ends(this.#server?.close('DM_STOPPED', 'the child restarts'), 'the server')
    this.#child = undefined
    await this.#serve()
  }

  async #closeParent(): Promise<void> {
    await this.#ends(this.#parent?.close('DM_STOPPED', 'the parent redials'), "the parent's link")
  }

  /** Waits for a close() as long as one may take. */
  async #ends(closing: Promise<void> | undefined, whose: string): Promise<void> {
    let isOver = false
    void closing?.then(() => {
      isOver = true
    })
    await this.system.advance(limits.closeTimeoutMs + 1)
    if (!isOver) this.#problems.push(`close() of ${whose} did not end`)
  }

  /** The weather clears: the link comes back within its bound, and everything arrives. */
  async #recover(): Promise<void> {
    this.network.calm()
    const since = this.system.now()
    while (!this.#isRestful()) {
      if (this.system.now() - since > recoveryMsMax) {
        const { parent, child } = this.#missing()
        this.#problems.push(
          `not recovered after ${recoveryMsMax} ms: up ${this.#parent?.isUp}, missing ${parent} and ${child}`,
        )
        return
      }
      if (this.#parentHasClosed) this.#dial()
      await this.system.advance(1_000)
    }
  }

  #missing(): { readonly parent: number; readonly child: number } {
    return { parent: this.#parentOutbox.missing, child: this.#child?.outbox.missing ?? 0 }
  }

  #isRestful(): boolean {
    const { parent, child } = this.#missing()
    const areUp = this.#parent?.isUp === true && this.#child?.link.isUp === true
    return areUp && parent === 0 && child === 0
  }

  /** Says goodbye with messages still on their way; afterwards nothing may be left. */
  async #end(): Promise<void> {
    this.#sendDown(5)
    this.#sendUp(5)
    await this.#closeParent()
    await this.#ends(this.#server?.close('DM_STOPPED', 'the run is over'), 'the server')
    // What was frozen in a handshake ends by its deadline, and then says goodbye.
    await this.system.advance(limits.handshakeTimeoutMs + limits.closeTimeoutMs)
    const left = { timers: this.system.pendingTimers, connections: this.network.openConnections }
    if (left.timers + left.connections > 0) {
      this.#problems.push(`left over: ${left.timers} timers, ${left.connections} connections`)
    }
  }
}
