/**
 * Trust on first use, as ssh does it with its known_hosts: where nothing else says who a peer is,
 * the key it showed first is the one it must show ever after.
 *
 * The file is read for every question, so a line that the user removed counts at once. Two managers
 * that add a peer to one file at the same moment may lose one of the two: that peer is then new
 * again, which is harmless, while a half-written file would not be.
 */
import { join } from 'node:path'
import { MachinesError, toError } from '../errors.js'
import type { System } from '../system/system.js'
import type { KnownPeer } from './handshake/trust.js'
import { fingerprint, publicKeyBytes } from './identity.js'
import { parseState, readStateFile, refused, replaceStateFile } from './identity-files.js'

interface Entry {
  /** Raw Ed25519 public key, base64. */
  readonly publicKey: string
  /** When the peer was seen first, ISO 8601. */
  readonly firstSeen: string
}

type Entries = ReadonlyMap<string, Entry>

/**
 * The peers of one manager, by name: `127.0.0.1:8379` for a point, `parent` for a child's parent.
 */
export class KnownPeers {
  /** `known-peers.json` in the manager's folder; undefined: kept in memory only. */
  readonly file: string | undefined
  readonly #system: System
  /** Takes the place of the file where there is none, or since it could not be written. */
  #inMemory: Entries | undefined

  /** `folder` is the one that `loadIdentity` gave. Nothing is read or written yet. */
  constructor(folder: string | undefined, system: System) {
    this.file = folder === undefined ? undefined : join(folder, 'known-peers.json')
    this.#system = system
  }

  /**
   * What is known of this key (base64). Throws DM_STATE_DIR when the file is corrupt or others may
   * read it: it is never replaced, as that would trust the next stranger.
   */
  check(name: string, publicKey: string): KnownPeer {
    const entry = this.#read().get(name)
    if (entry === undefined) return 'new'
    return entry.publicKey === publicKey ? 'known' : 'changed'
  }

  /**
   * Like `check`, but a changed key is an error: throws DM_IDENTITY_CHANGED with both fingerprints
   * and what to do about it.
   */
  recall(name: string, publicKey: string): 'known' | 'new' {
    const knowledge = this.check(name, publicKey)
    if (knowledge === 'changed') throw this.#changed(name, publicKey)
    return knowledge
  }

  /**
   * Pins a key (base64) to a name, in place of another one if need be. Where the file cannot be
   * written, that holds until this process ends, and the DM_STATE_DIR to warn with is returned.
   */
  remember(name: string, publicKey: string): MachinesError | undefined {
    const firstSeen = new Date(this.#system.wallClock()).toISOString()
    return this.#write(new Map(this.#read()).set(name, { publicKey, firstSeen }))
  }

  /** Forgets a peer, so that it may come with a new key. The result is as with `remember`. */
  forget(name: string): MachinesError | undefined {
    const entries = new Map(this.#read())
    return entries.delete(name) ? this.#write(entries) : undefined
  }

  /** Whether a key of this peer is remembered. Throws as `check` does. */
  knows(name: string): boolean {
    return this.#read().has(name)
  }

  #read(): Entries {
    if (this.#inMemory !== undefined) return this.#inMemory
    const text = this.file === undefined ? undefined : readStateFile(this.file, 'private')
    if (this.file === undefined || text === undefined) return new Map()
    return entriesOf(this.file, text)
  }

  #write(entries: Entries): MachinesError | undefined {
    if (this.file === undefined) {
      this.#inMemory = entries
      return undefined
    }
    try {
      const text = `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`
      replaceStateFile(this.file, text, 'private', this.#system)
      return undefined
    } catch (thrown) {
      this.#inMemory = entries
      const why = `cannot be written (${toError(thrown).message})`
      return refused(this.file, `${why}; who is known by now is forgotten after a restart`, thrown)
    }
  }

  #changed(name: string, publicKey: string): MachinesError {
    const expected = this.#read().get(name)
    const remedy =
      this.file === undefined
        ? 'forgetPeer(), or restart this manager'
        : `forgetPeer(), or remove the entry "${name}" from ${this.file}`
    return new MachinesError(
      'DM_IDENTITY_CHANGED',
      `THE IDENTITY OF ${name} HAS CHANGED, and it is refused. It presents the key ` +
        `${fingerprintOf(publicKey)}, but since ${expected?.firstSeen} it had ` +
        `${fingerprintOf(expected?.publicKey ?? '')}. Somebody may be in its place! ` +
        `Only if it was set up anew: call ${remedy}.`,
      {
        machine: name,
        given: fingerprintOf(publicKey),
        allowed: fingerprintOf(expected?.publicKey ?? ''),
      },
    )
  }
}

function fingerprintOf(publicKey: string): string {
  return fingerprint(Buffer.from(publicKey, 'base64'))
}

function entriesOf(file: string, text: string): Entries {
  const entries = new Map<string, Entry>()
  for (const [name, value] of Object.entries(parseState(file, text))) {
    if (!isEntry(value)) throw refused(file, `its entry "${name}" holds no public key`)
    entries.set(name, value)
  }
  return entries
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false
  if (!('publicKey' in value) || !('firstSeen' in value)) return false
  const { publicKey, firstSeen } = value
  if (typeof publicKey !== 'string' || typeof firstSeen !== 'string') return false
  return Buffer.from(publicKey, 'base64').length === publicKeyBytes
}
