/** How a parent reaches its machines: one address, certificate and trust per point. */
import { join } from 'node:path'
import { MachinesError } from '../../../errors.js'
import { claimEpoch } from '../../../link/epoch-store.js'
import type { ManagerIdentity } from '../../../link/identity.js'
import { stateName } from '../../../link/identity-store.js'
import type { DialEvents } from '../../../link/link.js'
import { type DialedLink, dialLink } from '../../../link/link-dialer.js'
import type { ResolvedParent, ResolvedPoint } from '../../../options/resolved-options.js'
import type { System } from '../../../system/system.js'
import { dateWarnings } from '../../../transport/certificate-dates.js'
import { certificatePolicy } from '../../../transport/certificate-policy.js'
import { tcpCarrier } from '../../../transport/tcp.js'
import { plain, secureClient } from '../../../transport/tls.js'
import { loadTlsMaterial, type TlsMaterial, withFallback } from '../../../transport/tls-material.js'
import { udpCarrier } from '../../../transport/udp.js'
import { loadUdx } from '../../../transport/udx.js'
import type { ParentSelf } from '../control-messages.js'
import { firstUseWarning, ManagerTrust, requireTrust } from '../manager-trust.js'
import type { FormerRecord, OwnershipRecord } from './ownership/ownership-types.js'
import { type KeepFault, OwnershipFile } from './ownership-file.js'

interface Route {
  readonly point: ResolvedPoint
  /** Undefined: `tls: false`. */
  readonly material: TlsMaterial | undefined
  readonly certificateDemanded: boolean
}

export class ParentLinks {
  readonly #options: ResolvedParent
  readonly #system: System
  readonly #routes = new Map<number, Route>()
  #trust: ManagerTrust | undefined
  #self: ParentSelf | undefined
  #file: OwnershipFile | undefined
  #former: FormerRecord = 'unknown'
  /** The latest link of each point. */
  readonly #links = new Map<number, DialedLink>()

  /** Reads the certificates, so that faults in them are found at construction. */
  constructor(options: ResolvedParent, system: System) {
    this.#options = options
    this.#system = system
    for (const [index, point] of options.points.entries()) {
      this.add(index, point, `machines.points[${index}].tls`)
    }
  }

  /**
   * Another machine that may be dialled. Throws what reading its certificates throws, with the path
   * of its `tls` option.
   */
  add(index: number, point: ResolvedPoint, path = 'point.tls'): void {
    const material = point.tls === false ? undefined : loadTlsMaterial(point.tls, path, undefined)
    this.#routes.set(index, { point, material, certificateDemanded: isDemanded(material) })
  }

  remove(index: number): void {
    this.#routes.delete(index)
    this.#links.delete(index)
  }

  /** What the former start of this parent has left; only after open(). */
  get former(): FormerRecord {
    return this.#former
  }

  /** False once a later start of this parent has begun; only after open(). */
  get isLatest(): boolean {
    return this.#file?.isLatest ?? true
  }

  /** Keeps what the next start has to know; only after open(). */
  keep(record: OwnershipRecord): KeepFault | undefined {
    return this.#file?.keep(record)
  }

  /**
   * Reads the identity and takes the epoch of this start; once, before the first dial. Rejects with
   * DM_STATE_DIR or DM_UDP_UNAVAILABLE.
   */
  async open(onWarning: (error: MachinesError) => void): Promise<void> {
    const { trust: options } = this.#options
    const routes = [...this.#routes.values()]
    // Now, because no later attempt to dial would fare better.
    if (routes.some(({ point }) => point.udp !== undefined)) await loadUdx()
    const needsOne = routes.some(({ material }) => material !== undefined && !material.own)
    const name = stateName('parent')
    const trust = await ManagerTrust.load(options, name, needsOne, this.#system, onWarning)
    this.#trust = trust
    const folder = join(options.stateDir, name)
    const claimed = claimEpoch(folder, this.#system)
    this.#file = new OwnershipFile(folder, claimed.epoch, this.#system)
    this.#former = this.#file.read(claimed.isFirst)
    this.#self = { parent: trust.shown.key, epoch: claimed.epoch }
    const now = this.#system.wallClock()
    const dates = routes.flatMap(({ material }) => (material ? dateWarnings(material, now) : []))
    for (const warning of [...trust.warnings, ...claimed.warnings, ...dates]) onWarning(warning)
    const firstUse = routes.filter(({ certificateDemanded }) =>
      trust.isFirstUse(certificateDemanded),
    )
    if (firstUse.length === 0) return
    onWarning(firstUseWarning(firstUse.map(({ point }) => point.name).join(', '), trust.shown))
  }

  /** Undefined until it was read or made, which open() does. */
  get identity(): ManagerIdentity | undefined {
    return this.#trust?.shown
  }

  /** What children tell this start of this parent from others by. Throws DM_STATE before open(). */
  get self(): ParentSelf {
    if (this.#self !== undefined) return this.#self
    throw new MachinesError('DM_STATE', 'the epoch is taken by start(); call it first')
  }

  /** Forgets the key of a machine, by its name; false: none was known. Throws DM_STATE before open(). */
  forgetPeer(name: string): boolean {
    const trust = requireTrust(this.#trust)
    const route = [...this.#routes.values()].find(({ point }) => point.name === name)
    if (route) return trust.forget(peerName(route.point))
    const message = `no machine is called ${name}`
    throw new MachinesError('DM_TARGET_UNKNOWN', message, { given: name })
  }

  /** A link to the machine of this point; it does nothing before its start(). */
  dial(index: number, events: DialEvents): DialedLink {
    const route = this.#routes.get(index)
    const trust = this.#trust
    if (!route || !trust) throw new Error('a link is dialled after open(), and to a point')
    const { host, port, udp } = route.point
    const material =
      route.material && trust.certificate
        ? withFallback(route.material, trust.certificate)
        : route.material
    const link = dialLink({
      events,
      carrier: udp === undefined ? tcpCarrier() : udpCarrier(udp),
      address: { host, port },
      system: this.#system,
      ...this.#options.link,
      epoch: this.self.epoch,
      about: () => ({ kind: 'parent', node: process.version }),
      trust: trust.forPeer(peerName(route.point), route.certificateDemanded, (key) =>
        this.#objection(index, key),
      ),
      secure: (raw, signal) =>
        material === undefined ? plain(raw) : secureClient(raw, material, host, signal),
    })
    this.#links.set(index, link)
    return link
  }

  /**
   * Two points with one key are one machine: a mistake in the options, or somebody passes on what is
   * meant for one machine to another one. All machines share a secret, so it would not tell.
   */
  #objection(index: number, key: string): MachinesError | undefined {
    for (const [other, link] of this.#links) {
      if (other === index || !link.isUp || link.peer?.key !== key) continue
      const [machine = '', twin] = [index, other].map((at) => this.#routes.get(at)?.point.name)
      const message = `behind ${machine} is the machine that is linked as ${twin} already`
      return new MachinesError('DM_IDENTITY_REFUSED', message, { machine })
    }
    return undefined
  }
}

/** The name under which the machine of a point is remembered. */
function peerName({ host, port }: ResolvedPoint): string {
  return `${host}:${port}`
}

function isDemanded(material: TlsMaterial | undefined): boolean {
  if (material === undefined) return false
  return certificatePolicy('client', material.options).insistsOn === 'trusted'
}
