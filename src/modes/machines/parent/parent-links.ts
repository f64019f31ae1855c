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

interface Route {
  readonly point: ResolvedPoint
  /** Undefined: `tls: false`. */
  readonly material: TlsMaterial | undefined
  readonly certificateDemanded: boolean
}

export class ParentLinks {
  readonly #options: ResolvedParent
  readonly #system: System
  readonly #routes: readonly Route[]
  #trust: ManagerTrust | undefined
  #self: ParentSelf | undefined
  /** The latest link of each point. */
  readonly #links = new Map<number, DialedLink>()

  /** Reads the certificates, so that faults in them are found at construction. */
  constructor(options: ResolvedParent, system: System) {
    this.#options = options
    this.#system = system
    this.#routes = options.points.map((point, index) => {
      const path = `machines.points[${index}].tls`
      const material = point.tls === false ? undefined : loadTlsMaterial(point.tls, path, undefined)
      return { point, material, certificateDemanded: isDemanded(material) }
    })
  }

  /**
   * Reads the identity and takes the epoch of this start; once, before the first dial. Rejects with
   * DM_STATE_DIR or DM_UDP_UNAVAILABLE.
   */
  async open(onWarning: (error: MachinesError) => void): Promise<void> {
    const { trust: options, points } = this.#options
    // Now, because no later attempt to dial would fare better.
    if (points.some(({ udp }) => udp !== undefined)) await loadUdx()
    const needsOne = this.#routes.some(({ material }) => material !== undefined && !material.own)
    const name = stateName('parent')
    const trust = await ManagerTrust.load(options, name, needsOne, this.#system, onWarning)
    this.#trust = trust
    const claimed = claimEpoch(join(options.stateDir, name), this.#system)
    this.#self = { parent: trust.shown.key, epoch: claimed.epoch }
    const now = this.#system.wallClock()
    const dates = this.#routes.flatMap(({ material }) =>
      material ? dateWarnings(material, now) : [],
    )
    for (const warning of [...trust.warnings, ...claimed.warnings, ...dates]) onWarning(warning)
    const firstUse = this.#routes.filter(({ certificateDemanded }) =>
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
    const point = this.#options.points.find((one) => one.name === name)
    if (point) return trust.forget(peerName(point))
    const message = `no machine is called ${name}`
    throw new MachinesError('DM_TARGET_UNKNOWN', message, { given: name })
  }

  /** A link to the machine of this point; it does nothing before its start(). */
  dial(index: number, events: DialEvents): DialedLink {
    const route = this.#routes[index]
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
      const [machine = '', twin] = [index, other].map((at) => this.#options.points[at]?.name)
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
