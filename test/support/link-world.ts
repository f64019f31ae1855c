/** A parent's and a child's end of a link over memory, with every event on record. */
import type { MachinesError } from '../../src/errors.js'
import type { LinkTrust } from '../../src/link/handshake/trust.js'
import type { DialEvents, Link, LinkHealth, Refusal } from '../../src/link/link.js'
import { type DialedLink, type DialOptions, dialLink } from '../../src/link/link-dialer.js'
import { type LinkServer, type ServeOptions, serveLinks } from '../../src/link/link-server.js'
import type { Carrier, CarrierAddress, RawConnection } from '../../src/transport/carrier.js'
import { MemoryNetwork, memoryCarrier } from '../../src/transport/memory.js'
import type { SecuredConnection } from '../../src/transport/secured-connection.js'
import { type Faults, type FaultyCarrier, faultyCarrier } from './faulty-carrier.js'
import { testTrust } from './test-identity.js'
import { VirtualSystem } from './virtual-system.js'

const heartbeatMs = 1_000

/** No TLS; the binding stands in for the keying material that both ends of one channel share. */
export function plainSecure(binding = 'one channel') {
  return (raw: RawConnection): Promise<SecuredConnection> =>
    Promise.resolve({
      stream: raw.stream,
      remote: raw.remote,
      encrypted: false,
      channelBinding: Buffer.from(binding),
      certificate: 'none',
    })
}

export class Recorder implements DialEvents {
  /** Names of the events in order, without messages and health. */
  readonly log: string[] = []
  readonly messages: string[] = []
  readonly lost: string[] = []
  readonly ups: { readonly resumed: boolean; readonly welcome: unknown }[] = []
  readonly refusals: { readonly reason: MachinesError; readonly refusal: Refusal }[] = []
  lastHealth: LinkHealth | undefined
  reason: MachinesError | undefined

  up(info: { readonly resumed: boolean; readonly welcome: unknown }): void {
    this.log.push(info.resumed ? 'resumed' : 'up')
    this.ups.push(info)
  }

  down(reason: MachinesError): void {
    this.log.push('down')
    this.reason = reason
  }

  message(bytes: Uint8Array): void {
    this.messages.push(Buffer.from(bytes).toString('utf8'))
  }

  reset(reason: MachinesError, lost: readonly Uint8Array[]): void {
    this.log.push('reset')
    this.reason = reason
    this.lost.push(...lost.map((bytes) => Buffer.from(bytes).toString('utf8')))
  }

  closed(reason: MachinesError): void {
    this.log.push('closed')
    this.reason = reason
  }

  health(health: LinkHealth): void {
    this.lastHealth = health
  }

  refused(reason: MachinesError, refusal: Refusal): void {
    this.log.push(`refused ${reason.code}`)
    this.refusals.push({ reason, refusal })
  }
}

export interface WorldOptions {
  readonly seed?: number
  readonly faults?: Faults
  readonly parentTrust?: LinkTrust
  readonly childTrust?: LinkTrust
  readonly dial?: Partial<DialOptions>
  readonly serve?: Partial<ServeOptions>
}

export class LinkWorld {
  readonly system: VirtualSystem
  readonly network = new MemoryNetwork()
  readonly wire: FaultyCarrier
  readonly parent = new Recorder()
  /** One recorder per link that the child was given, and the links themselves. */
  readonly children: Recorder[] = []
  readonly childLinks: Link[] = []
  readonly refusedByChild: string[] = []
  readonly #options: WorldOptions
  #server: LinkServer | undefined
  #link: DialedLink | undefined

  constructor(options: WorldOptions = {}) {
    this.#options = options
    this.system = new VirtualSystem(options.seed)
    this.wire = faultyCarrier(memoryCarrier(this.network), options.faults)
  }

  get server(): LinkServer {
    if (this.#server === undefined) throw new Error('the child does not listen')
    return this.#server
  }

  get link(): DialedLink {
    if (this.#link === undefined) throw new Error('the parent does not dial')
    return this.#link
  }

  get child(): Recorder {
    const last = this.children.at(-1)
    if (last === undefined) throw new Error('the child has no link')
    return last
  }

  get childLink(): Link {
    const last = this.childLinks.at(-1)
    if (last === undefined) throw new Error('the child has no link')
    return last
  }

  async serve(given: Partial<ServeOptions> = {}): Promise<LinkServer> {
    this.#server = await serveLinks({
      system: this.system,
      carrier: memoryCarrier(this.network),
      address: { host: 'child', port: 8379 },
      secure: plainSecure(),
      trust: this.#options.childTrust ?? testTrust(2),
      heartbeatMs,
      about: () => ({ i: 'am the child' }),
      admit: () => ({ accept: true, about: { running: 3 } }),
      onLink: (link) => {
        const recorder = new Recorder()
        this.children.push(recorder)
        this.childLinks.push(link)
        return recorder
      },
      onRefused: (reason) => this.refusedByChild.push(reason.code),
      ...this.#options.serve,
      ...given,
    })
    return this.#server
  }

  /** Makes the parent's link and starts it. */
  dial(given: Partial<DialOptions> = {}): DialedLink {
    this.#link = this.newLink(given)
    this.#link.start()
    return this.#link
  }

  newLink(given: Partial<DialOptions> = {}): DialedLink {
    const carrier: Carrier = this.wire
    const address: CarrierAddress = { host: 'child', port: 8379 }
    return dialLink({
      system: this.system,
      carrier,
      address,
      secure: plainSecure(),
      trust: this.#options.parentTrust ?? testTrust(1),
      heartbeatMs,
      epoch: 7,
      about: () => ({ i: 'am the parent' }),
      events: this.parent,
      ...this.#options.dial,
      ...given,
    })
  }

  /** Both sides up. */
  static async connected(options: WorldOptions = {}): Promise<LinkWorld> {
    const world = new LinkWorld(options)
    await world.serve()
    world.dial()
    await world.system.settle()
    if (!world.link.isUp) throw new Error(`not up: ${world.parent.log.join(', ')}`)
    return world
  }

  /** Closes everything; afterwards no timer may be left. */
  async end(): Promise<void> {
    const closed = Promise.all([
      this.#link?.close('DM_STOPPED', 'the test is over'),
      this.#server?.close('DM_STOPPED', 'the test is over'),
    ])
    await this.system.advance(10_000)
    await closed
  }
}

export function text(words: string): Uint8Array {
  return Buffer.from(words, 'utf8')
}
