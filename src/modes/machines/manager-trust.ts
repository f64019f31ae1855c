/** What a manager brings to every handshake: its identity on disk, and how it recognises others. */
import { MachinesError } from '../../errors.js'
import type { LinkTrust } from '../../link/handshake/trust.js'
import {
  fingerprint,
  type ManagerIdentity,
  shownIdentity,
  verifySignature,
} from '../../link/identity.js'
import { loadIdentity } from '../../link/identity-store.js'
import { KnownPeers } from '../../link/known-peers.js'
import type { ResolvedTrust } from '../../options/resolved-options.js'
import type { System } from '../../system/system.js'
import type { KeyedCertificate } from '../../transport/tls-material.js'

export class ManagerTrust {
  /** What the other side may pin. */
  readonly shown: ManagerIdentity
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
    this.shown = shownIdentity(loaded.identity.publicKey)
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

  /** Forgets the key of a peer; false: none was known. Throws DM_STATE_DIR. */
  forget(peer: string): boolean {
    if (!this.#peers.knows(peer)) return false
    const warning = this.#peers.forget(peer)
    if (warning) this.#onWarning(warning)
    return true
  }

  /**
   * For links with the peer that is remembered under this name. `objection`: what else speaks
   * against a key.
   */
  forPeer(
    peer: string,
    certificateDemanded: boolean,
    objection: LinkTrust['objection'] = () => undefined,
  ): LinkTrust {
    const { secret, trustedKeys } = this.#options
    return {
      objection,
      identity: this.#identity,
      secret,
      trustedKeys,
      certificateDemanded,
      recall: (key) => this.#peers.recall(peer, key),
      remember: (key) => {
        const warning = this.#peers.remember(peer, key)
        this.#onWarning(firstMeetingWarning(peer, key, this.#peers.file))
        if (warning) this.#onWarning(warning)
      },
      verify: verifySignature,
    }
  }
}

/** Throws DM_STATE before the identity was read, which is the first thing that a start does. */
export function requireTrust(trust: ManagerTrust | undefined): ManagerTrust {
  if (trust !== undefined) return trust
  throw new MachinesError('DM_STATE', 'known peers are read by start(); call it first')
}

/** The warning of every start at which a peer is recognised by nothing but its first visit. */
export function firstUseWarning(peers: string, own: ManagerIdentity): MachinesError {
  const message =
    `${peers}: no trustedConnections, trustedKeys or secret is configured, so the first one to ` +
    'come is trusted and its key remembered; configure one of them where the network is not ' +
    `yours. The key of this manager, for machines.trustedKeys of the other side: ${own.key} ` +
    `(${own.fingerprint})`
  return new MachinesError('DM_TRUST_ON_FIRST_USE', message)
}

/** The warning when a peer is met that is trusted for nothing but being the first. */
function firstMeetingWarning(peer: string, key: string, file: string | undefined): MachinesError {
  const where = file === undefined ? 'until this manager ends' : `in ${file}`
  const message =
    `${peer} was met for the first time; its key ${key} ` +
    `(${fingerprint(Buffer.from(key, 'base64'))}) is trusted from now on and kept ${where}`
  return new MachinesError('DM_TRUST_ON_FIRST_USE', message, { machine: peer })
}
