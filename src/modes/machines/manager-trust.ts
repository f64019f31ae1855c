/** What a manager brings to every handshake: its identity on disk, and how it recognises others. */
import { MachinesError } from '../../errors.js'
import type { LinkTrust } from '../../link/handshake/trust.js'
import { verifySignature } from '../../link/identity.js'
import { loadIdentity } from '../../link/identity-store.js'
import { KnownPeers } from '../../link/known-peers.js'
import type { ResolvedTrust } from '../../options/resolved-options.js'
import type { System } from '../../system/system.js'
import type { KeyedCertificate } from '../../transport/tls-material.js'

export class ManagerTrust {
  /** Made at the first start and kept; undefined when every link has the user's own. */
  readonly certificate: KeyedCertificate | undefined
  readonly warnings: readonly MachinesError[]
  readonly #options: ResolvedTrust
  readonly #identity: LinkTrust['identity']
  readonly #peers: KnownPeers
  readonly #onWarning: (error: MachinesError) => void

  private constructor(
    options: ResolvedTrust,
    loaded: Awaited<ReturnType<typeof loadIdentity>>,
    system: System,
    onWarning: (error: MachinesError) => void,
  ) {
    this.certificate = loaded.certificate
    this.warnings = loaded.warnings
    this.#options = options
    this.#identity = loaded.identity
    this.#peers = new KnownPeers(loaded.folder, system)
    this.#onWarning = onWarning
  }

  /** Reads or makes what is kept under `name` in the state folder; rejects with DM_STATE_DIR. */
  static async load(
    options: ResolvedTrust,
    name: string,
    needsCertificate: boolean,
    system: System,
    onWarning: (error: MachinesError) => void,
  ): Promise<ManagerTrust> {
    const certificate = { certificate: needsCertificate }
    const loaded = await loadIdentity(options.stateDir, name, system, certificate)
    return new ManagerTrust(options, loaded, system, onWarning)
  }

  /** True when peers are recognised by nothing but their having been here before. */
  isFirstUse(certificateDemanded: boolean): boolean {
    const { secret, trustedKeys } = this.#options
    return !certificateDemanded && secret === undefined && trustedKeys.length === 0
  }

  /** For links with the peer that is remembered under this name. */
  forPeer(peer: string, certificateDemanded: boolean): LinkTrust {
    const { secret, trustedKeys } = this.#options
    return {
      identity: this.#identity,
      secret,
      trustedKeys,
      certificateDemanded,
      recall: (key) => this.#peers.recall(peer, key),
      remember: (key) => {
        const warning = this.#peers.remember(peer, key)
        if (warning) this.#onWarning(warning)
      },
      verify: verifySignature,
    }
  }
}

/** The warning of every start at which a peer is recognised by nothing but its first visit. */
export function firstUseWarning(peers: string): MachinesError {
  const message =
    `${peers}: no trustedConnections, trustedKeys or secret is configured, so the first one to ` +
    'come is trusted and its key remembered; configure one of them where the network is not yours'
  return new MachinesError('DM_TRUST_ON_FIRST_USE', message)
}
