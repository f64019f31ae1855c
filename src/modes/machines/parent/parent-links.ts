/** How a parent reaches its machines: one address, certificate and trust per point. */
import type { MachinesError } from '../../../errors.js'
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
import { firstUseWarning, ManagerTrust } from '../manager-trust.js'

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
  /** Time-based, so that a restarted parent has a higher one without a file. */
  readonly #epoch: number
  readonly #carrier = tcpCarrier()
  #trust: ManagerTrust | undefined

  /** Reads the certificates, so that faults in them are found at construction. */
  constructor(options: ResolvedParent, system: System) {
    this.#options = options
    this.#system = system
    this.#epoch = system.wallClock()
    this.#routes = options.points.map((point, index) => {
      const path = `machines.points[${index}].tls`
      const material = point.tls === false ? undefined : loadTlsMaterial(point.tls, path, undefined)
      return { point, material, certificateDemanded: isDemanded(material) }
    })
  }

  /** Reads the identity; before the first dial. Rejects with DM_STATE_DIR. */
  async open(onWarning: (error: MachinesError) => void): Promise<void> {
    const { trust: options } = this.#options
    const needsOne = this.#routes.some(({ material }) => material !== undefined && !material.own)
    const name = stateName('parent')
    const trust = await ManagerTrust.load(options, name, needsOne, this.#system, onWarning)
    this.#trust = trust
    const now = this.#system.wallClock()
    const dates = this.#routes.flatMap(({ material }) =>
      material ? dateWarnings(material, now) : [],
    )
    for (const warning of [...trust.warnings, ...dates]) onWarning(warning)
    const firstUse = this.#routes.filter(({ certificateDemanded }) =>
      trust.isFirstUse(certificateDemanded),
    )
    if (firstUse.length === 0) return
    onWarning(firstUseWarning(firstUse.map(({ point }) => point.name).join(', ')))
  }

  /** A link to the machine of this point; it does nothing before its start(). */
  dial(index: number, events: DialEvents): DialedLink {
    const route = this.#routes[index]
    const trust = this.#trust
    if (!route || !trust) throw new Error('a link is dialled after open(), and to a point')
    const { host, port } = route.point
    const material =
      route.material && trust.certificate
        ? withFallback(route.material, trust.certificate)
        : route.material
    return dialLink({
      events,
      carrier: this.#carrier,
      address: { host, port },
      system: this.#system,
      heartbeatMs: this.#options.heartbeatMs,
      epoch: this.#epoch,
      about: () => ({ kind: 'parent', node: process.version }),
      trust: trust.forPeer(`${host}:${port}`, route.certificateDemanded),
      secure: (raw, signal) =>
        material === undefined ? plain(raw) : secureClient(raw, material, host, signal),
    })
  }
}

function isDemanded(material: TlsMaterial | undefined): boolean {
  if (material === undefined) return false
  return certificatePolicy('client', material.options).insistsOn === 'trusted'
}
