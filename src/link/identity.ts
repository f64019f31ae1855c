/** The long-lived Ed25519 identity of a manager; the file beside it keeps it on disk. */
export interface Identity {
  /** Raw public key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** Detached signature, 64 bytes (tweetnacl: about 3 ms, so once per handshake). */
  sign(message: Uint8Array): Uint8Array
}
