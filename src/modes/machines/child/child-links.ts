/** How a child is reached: its port, its certificate, and whom it trusts. */
import { MachinesError } from '../../../errors.js'
import type { ManagerIdentity } from '../../../link/identity.js'
import { stateName } from '../../../link/identity-store.js'
import { type LinkServer, type ServeOptions, serveLinks } from '../../../link/link-server.js'
import { RefusalRate } from '../../../link/refusal-rate.js'
import type { ResolvedChild } from '../../../options/resolved-options.js'
import type { System } from '../../../system/system.js'
import { addressGroup } from '../../../transport/address.js'
import { dateWarnings } from '../../../transport/certificate-dates.js'
import { certificatePolicy } from '../../../transport/certificate-policy.js'
import { tcpAndUdp } from '../../../transport/tcp-and-udp.js'
import { plain, secureServer } from '../../../transport/tls.js'
import { loadTlsMaterial, type TlsMaterial, withFallback } from '../../../transport/tls-material.js'
import { firstUseWarning, ManagerTrust, requireTrust } from '../manager-trust.js'

/** The name under which a child remembers whoever is its parent. */
const theParent = 'parent'

/** What the child itself decides about links. */
export type ChildLinkHandlers = Pick<ServeOptions, 'about' | 'admit' | 'onLink' | 'onRefused'>

export class ChildLinks {
  readonly #options: ResolvedChild
  readonly #system: System
  readonly #material: TlsMaterial | undefined
  /** One for all carriers: who guesses over one of them waits on the others too. */
  readonly #rate = new RefusalRate()
  #trust: ManagerTrust | undefined

  /** Reads the certificates, so that faults in them are found at construction. */
  constructor(options: ResolvedChild, system: System) {
    this.#options = options
    this.#system = system
    const { tls } = options
    this.#material = tls === false ? undefined : loadTlsMaterial(tls, 'machines.tls', undefined)
  }

  /** Undefined until it was read or made, which serve() does first. */
  get identity(): ManagerIdentity | undefined {
    return this.#trust?.shown
  }

  /** Forgets the parent's key; false: none was known. Throws DM_STATE before serve(). */
  forgetPeer(name: string): boolean {
    return requireTrust(this.#trust).forget(knownAs(name))
  }

  /** Begins to listen. Rejects with DM_LISTEN_FAILED or DM_STATE_DIR. */
  async serve(
    handlers: ChildLinkHandlers,
    onWarning: (error: MachinesError) => void,
  ): Promise<LinkServer> {
    const { host, port, udp, link } = this.#options
    const trust = await this.#loadTrust(onWarning)
    this.#trust = trust
    const material = this.#complete(trust)
    const isDemanded =
      material !== undefined &&
      certificatePolicy('server', material.options).insistsOn === 'trusted'
    if (trust.isFirstUse(isDemanded)) onWarning(firstUseWarning('machines', trust.shown))
    return serveLinks({
      ...handlers,
      carrier: tcpAndUdp({
        bounds: { isReserved: (peer) => this.#rate.isProven(addressGroup(peer)) },
        udp,
        onWarning,
      }),
      rate: this.#rate,
      address: { host, port },
      system: this.#system,
      ...link,
      trust: trust.forPeer(theParent, isDemanded),
      secure: (raw, signal) =>
        material === undefined ? plain(raw) : secureServer(raw, lenient(material), signal),
    })
  }

  async #loadTrust(onWarning: (error: MachinesError) => void): Promise<ManagerTrust> {
    const { host, port } = this.#options
    const needsOne = this.#material !== undefined && this.#material.own === undefined
    const name = stateName('child', host, port)
    const { trust: options } = this.#options
    const trust = await ManagerTrust.load(options, name, needsOne, this.#system, onWarning)
    const dates = this.#material ? dateWarnings(this.#material, this.#system.wallClock()) : []
    for (const warning of [...trust.warnings, ...dates]) onWarning(warning)
    return trust
  }

  #complete({ certificate }: ManagerTrust): TlsMaterial | undefined {
    if (this.#material === undefined || certificate === undefined) return this.#material
    return withFallback(this.#material, certificate)
  }
}

/**
 * Leaves the judgement on a parent's certificate to the handshake (`certificateDemanded`), which can
 * tell it why it is refused: a connection that merely closes would be dialled again and again.
 */
function lenient(material: TlsMaterial): TlsMaterial {
  if (!isTrustDemanded(material)) return material
  return { ...material, options: { ...material.options, rejectUnauthorized: false } }
}

function isTrustDemanded(material: TlsMaterial): boolean {
  return certificatePolicy('server', material.options).insistsOn === 'trusted'
}

function knownAs(name: string): string {
  if (name === theParent) return name
  const message = `a child remembers its parent alone, as '${theParent}'`
  throw new MachinesError('DM_TARGET_UNKNOWN', message, { given: name })
}
