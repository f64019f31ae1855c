/**
 * A parent and a child that meet as their options say, with real TLS over loopback, and what comes
 * of it on both sides. No bots: the layer above the links is replaced by this one.
 */
import { join } from 'node:path'
import type { MachinesError } from '../../src/errors.js'
import { shownIdentity } from '../../src/link/identity.js'
import { loadIdentity } from '../../src/link/identity-store.js'
import { KnownPeers } from '../../src/link/known-peers.js'
import type { LinkEvents, Peer, Refusal } from '../../src/link/link.js'
import { ChildLinks } from '../../src/modes/machines/child/child-links.js'
import { ParentLinks } from '../../src/modes/machines/parent/parent-links.js'
import type {
  MachinesShardingOptions,
  ShardingMachineOptions,
} from '../../src/options/machines-options.js'
import { processEnvironment } from '../../src/options/options-environment.js'
import { resolveOptions } from '../../src/options/resolve-options.js'
import { realSystem } from '../../src/system/system.js'
import type { CarrierAddress } from '../../src/transport/carrier.js'

type Given = Partial<MachinesShardingOptions>

/** What one side says: `linked by key, secret`, or the code of its refusal. */
export type Word = string

const nothing = {
  up() {},
  down() {},
  message() {},
  reset() {},
  closed() {},
  health() {},
} satisfies LinkEvents

/** State folders of one parent and one child, and everything that runs with them. */
export class Meeting {
  readonly warnings: MachinesError[] = []
  readonly parentRefusals: MachinesError[] = []
  readonly childRefusals: MachinesError[] = []
  readonly #folder: string
  readonly #undo: (() => unknown)[] = []

  constructor(folder: string) {
    this.#folder = folder
  }

  stateDir(of: string): string {
    return join(this.#folder, of)
  }

  /** The key that this side has, or will have. */
  async keyOf(side: 'parent' | 'child'): Promise<string> {
    const loaded = await loadIdentity(this.stateDir(side), nameOf(side), realSystem)
    return shownIdentity(loaded.identity.publicKey).key
  }

  /** Makes a side remember a key from an earlier meeting. */
  async remember(side: 'parent' | 'child', peer: string, key: string): Promise<void> {
    // Makes the folder that the file is in.
    await this.keyOf(side)
    new KnownPeers(join(this.stateDir(side), nameOf(side)), realSystem).remember(peer, key)
  }

  async serve(machines: Given): Promise<{ address: CarrierAddress; links: ChildLinks }> {
    const ipc = { networkHost: '127.0.0.1', networkPort: 0 }
    const given = { me: 'child', ipc, stateDir: this.stateDir('child'), ...machines }
    const links = new ChildLinks(resolved('child', { machines: given }), realSystem)
    const server = await links.serve(
      {
        about: () => null,
        admit: () => ({ accept: true, about: null }),
        onLink: (_link, peer) => {
          this.#childHears(wordOf(peer))
          return nothing
        },
        onRefused: (error) => {
          this.childRefusals.push(error)
          this.#childHears(error.code)
        },
      },
      (warning) => this.warnings.push(warning),
    )
    this.#undo.push(() => server.close('DM_STOPPED', 'the test is over'))
    return { address: server.address, links }
  }

  /** Links of a parent with these points, opened. */
  async parent(points: readonly ShardingMachineOptions[], machines: Given = {}) {
    const shared = points.map((point, index) => ({ ...point, shards: [index] }))
    const given = { me: 'parent', points: shared, stateDir: this.stateDir('parent'), ...machines }
    const links = new ParentLinks(resolved('parent', { machines: given }), realSystem)
    await links.open((warning) => this.warnings.push(warning))
    return links
  }

  /** Dials one point once; what the parent says about it. */
  dial(links: ParentLinks, index: number): Promise<Word> {
    return new Promise((resolve) => {
      const link = links.dial(index, {
        ...nothing,
        up: () => resolve(wordOf(link.peer)),
        refused: (reason: MachinesError, _refusal: Refusal) => {
          this.parentRefusals.push(reason)
          resolve(reason.code)
        },
      })
      this.#undo.push(() => link.close('DM_STOPPED', 'the test is over'))
      link.start()
    })
  }

  /** What the child says about the next connection. */
  nextWordOfChild(): Promise<Word> {
    return new Promise((resolve) => {
      this.#childHears = resolve
    })
  }

  /** Both sides meet once; `via` may put somebody in between and gives the address to dial. */
  async meet(
    ofParent: Given,
    ofChild: Given,
    via = (address: CarrierAddress): Promise<CarrierAddress> => Promise.resolve(address),
  ): Promise<readonly [parent: Word, child: Word]> {
    const { address } = await this.serve(ofChild)
    const { tls, ...machines } = ofParent
    const { host, port } = await via(address)
    const point = { host, port, ...(tls === undefined ? {} : { tls }) }
    const links = await this.parent([point], machines)
    const child = this.nextWordOfChild()
    return [await this.dial(links, 0), await child]
  }

  onEnd(undo: () => unknown): void {
    this.#undo.push(undo)
  }

  async end(): Promise<void> {
    for (const undo of this.#undo.splice(0).toReversed()) await undo()
  }

  #childHears: (word: Word) => void = () => {}
}

function resolved<Kind extends 'parent' | 'child'>(kind: Kind, options: object) {
  const file = kind === 'child' ? { file: import.meta.filename } : {}
  const all = resolveOptions({ mode: 'machines', ...file, ...options }, processEnvironment())
  if (all.kind !== kind) throw new Error(`these are the options of a ${all.kind}`)
  return all as Extract<typeof all, { kind: Kind }>
}

function nameOf(side: 'parent' | 'child'): string {
  return side === 'parent' ? 'parent' : 'child-127.0.0.1-0'
}

function wordOf(peer: Peer | undefined): Word {
  return `linked by ${peer?.recognisedBy.join(', ')}`
}
