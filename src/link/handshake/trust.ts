/** What one side has to prove itself with, and how it recognises the other. */
import type { MachinesError } from '../../errors.js'
import type { Identity } from '../identity.js'

/** What the file of known peers says about a key; see `LinkTrust.recall`. */
export type KnownPeer = 'known' | 'new' | 'changed'

export interface LinkTrust {
  readonly identity: Identity
  /** Shared secret; undefined: none, and a peer that uses one is refused. */
  readonly secret: string | undefined
  /** Ed25519 public keys (base64) of which the peer must have one; empty: any. */
  readonly trustedKeys: readonly string[]
  /** Whether the peer's certificate must be one of `trustedConnections`, or signed by one. */
  readonly certificateDemanded: boolean
  /**
   * Trust on first use: whether this machine had this key (base64) before. Asked only when neither
   * certificate, key nor secret is configured. May throw a MachinesError that says more.
   */
  recall(key: string): KnownPeer
  /** Pins the key of a peer that was `new` and got through. A MachinesError refuses it after all. */
  remember(key: string): void
  /**
   * What else speaks against a key, however it is recognised: another machine has it already.
   * Default: nothing.
   */
  objection?(key: string): MachinesError | undefined
  /** Checks a detached Ed25519 signature, natively: it runs for every stranger with a nonce. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}
