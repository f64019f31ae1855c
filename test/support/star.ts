/**
 * A parent and its children in one process: real modes and links over memory, bots that exist only
 * here, and a clock that the test moves.
 */

import type { MachinesError } from '../../src/errors.js'
import { IpcIds } from '../../src/instances/ipc-ids.js'
import { dialLink } from '../../src/link/link-dialer.js'
import { serveLinks } from '../../src/link/link-server.js'
import { createFleet } from '../../src/modes/local/fleet.js'
import { ChildMode } from '../../src/modes/machines/child/child-mode.js'
import type {
  FormerRecord,
  OwnershipRecord,
} from '../../src/modes/machines/parent/ownership/ownership-types.js'
import { ParentMode } from '../../src/modes/machines/parent/parent-mode.js'
import type { ModeEvent } from '../../src/modes/mode.js'
import type { MachinesShardingOptions } from '../../src/options/machines-options.js'
import type { ShardingManagerOptions } from '../../src/options/options.js'
import { processEnvironment } from '../../src/options/options-environment.js'
import { resolveOptions } from '../../src/options/resolve-options.js'
import type { ResolvedChild, ResolvedParent } from '../../src/options/resolved-options.js'
import { MemoryNetwork, memoryCarrier } from '../../src/transport/memory.js'
import { FakeLauncher } from './fake-launcher.js'
import { type FaultyCarrier, faultyCarrier } from './faulty-carrier.js'
import { botFile } from './launched-bot.js'
import { plainSecure } from './link-world.js'
import { keyOf, testIdentity, testTrust } from './test-identity.js'
import { VirtualSystem } from './virtual-system.js'

const port = 8379
const heartbeatMs = 1_000
const none = { identity: undefined, forgetPeer: () => false }

/** Who a parent is, by the seed of its key, and how late it started. */
export interface ParentSpec {
  readonly key?: number
  readonly epoch?: number
  readonly machines?: Partial<MachinesShardingOptions>
  /** Of every point. */
  readonly pushed?: object
  /** Of every point. */
  readonly maxShards?: number
  /** What an earlier start has left behind. */
  readonly former?: FormerRecord
}

/** What a mode has said, for looking up. */
class Heard {
  readonly events: ModeEvent[] = []
  /** `name phase`, in order. */
  get phases(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'machine' ? [`${event.machine} ${event.phase}`] : [],
    )
  }

  /** `type id`, in order. */
  get instances(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'instance' ? [`${event.event.type} ${event.event.instance}`] : [],
    )
  }

  get warnings(): MachinesError[] {
    return this.events.flatMap((event) => (event.type === 'warning' ? [event.error] : []))
  }
}

class StarChild {
  readonly mode: ChildMode
  readonly heard = new Heard()
  readonly launcher = new FakeLauncher()

  constructor(star: Star, index: number, machines: Partial<MachinesShardingOptions>) {
    const options = resolved({
      file: botFile('native.js'),
      machines: { me: 'child', ipc: { networkHost: 'localhost', networkPort: 0 }, ...machines },
      killTimeoutMs: 1_000,
      respawn: { delayMs: 100, attemptsMax: 2 },
      output: 'ignore',
    }) as ResolvedChild
    const serve: ConstructorParameters<typeof ChildMode>[1]['serve'] = (handlers) =>
      serveLinks({
        ...handlers,
        system: star.system,
        carrier: memoryCarrier(star.network),
        address: { host: star.host(index), port },
        secure: plainSecure(),
        trust: testTrust(10 + index, { recall: () => 'known' }),
        heartbeatMs,
      })
    this.mode = new ChildMode(
      options,
      { ...none, serve },
      star.system,
      (event) => this.heard.events.push(event),
      new IpcIds(star.system),
      (fleet) => createFleet(this.launcher, fleet),
    )
  }
}

class StarParent {
  readonly mode: ParentMode
  readonly heard = new Heard()
  /** Whether no later start has begun on its folder. */
  isLatest = true
  /** What it has kept last for its next start. */
  record: OwnershipRecord | undefined
  /** One per machine. */
  readonly wires: FaultyCarrier[]

  constructor(
    star: Star,
    count: number,
    { key = 1, epoch = 1, machines, pushed, former = 'nothing', maxShards }: ParentSpec,
  ) {
    this.wires = Array.from({ length: count }, () => faultyCarrier(memoryCarrier(star.network)))
    const points = this.wires.map((_, index) => ({
      host: star.host(index),
      port,
      name: `m${index}`,
      ...(maxShards === undefined ? {} : { maxShards }),
      childManagerOptions: {
        mode: 'processes',
        shards: { from: 4 * index, to: 4 * index + 3 },
        shardsPerInstance: 2,
        ...pushed,
      },
    }))
    const options = resolved({
      machines: { me: 'parent', points, ...machines },
    } as Partial<ShardingManagerOptions>) as ResolvedParent
    const { bufferBytesMax } = options.link
    const dial: ConstructorParameters<typeof ParentMode>[1]['dial'] = (index, events) => {
      const carrier = this.wires[index]
      if (carrier === undefined) throw new Error(`there is no machine ${index}`)
      return dialLink({
        system: star.system,
        carrier,
        address: { host: star.host(index), port },
        secure: plainSecure(),
        trust: testTrust(key, { recall: () => 'known' }),
        heartbeatMs,
        bufferBytesMax,
        epoch,
        about: () => null,
        events,
      })
    }
    const self = { parent: keyOf(testIdentity(key)), epoch }
    const isLatest = () => this.isLatest
    const links = {
      get isLatest() {
        return isLatest()
      },
      ...none,
      self,
      dial,
      open: () => Promise.resolve(),
      former,
      keep: (record: OwnershipRecord) => {
        this.record = record
        return undefined
      },
      add: (index: number) => {
        this.wires[index] = faultyCarrier(memoryCarrier(star.network))
      },
      remove: () => {},
    }
    this.mode = new ParentMode(options, links, star.system, (event) =>
      this.heard.events.push(event),
    )
  }

  wire(index: number): FaultyCarrier {
    const found = this.wires[index]
    if (found === undefined) throw new Error(`there is no machine ${index}`)
    return found
  }
}

/** By default two machines of two instances each, with four shards per machine. */
export class Star {
  readonly system = new VirtualSystem()
  readonly network = new MemoryNetwork()
  readonly #children: StarChild[] = []
  readonly #parents: StarParent[] = []

  host(index: number): string {
    return `child-${index}`
  }

  child(index: number): StarChild {
    const found = this.#children[index]
    if (found === undefined) throw new Error(`there is no child ${index}`)
    return found
  }

  /** A child that listens; in the place of an earlier one with this index. */
  async serve(index: number, machines: Partial<MachinesShardingOptions> = {}): Promise<StarChild> {
    const child = new StarChild(this, index, machines)
    this.#children[index] = child
    await child.mode.start()
    return child
  }

  parent(count: number, spec: ParentSpec = {}): StarParent {
    const parent = new StarParent(this, count, spec)
    this.#parents.push(parent)
    return parent
  }

  /** What has become of a promise so far, at any time. */
  watch(work: Promise<unknown>): { readonly outcome: unknown } {
    const watched = { outcome: 'pending' as unknown }
    work.then(
      () => {
        watched.outcome = 'resolved'
      },
      (error: unknown) => {
        watched.outcome = error
      },
    )
    return watched
  }

  /** The outcome of a promise once everything that can happen within `withinMs` has happened. */
  async outcome(work: Promise<unknown>, withinMs: number): Promise<unknown> {
    const watched = this.watch(work)
    await this.system.advance(withinMs)
    return watched.outcome
  }

  /** Two machines, and a parent whose start() has resolved. */
  static async started(spec: ParentSpec = {}): Promise<{ star: Star; parent: StarParent }> {
    const star = new Star()
    await star.serve(0)
    await star.serve(1)
    const parent = star.parent(2, spec)
    const outcome = await star.outcome(parent.mode.start(), 100)
    if (outcome !== 'resolved') throw new Error(`start(): ${String(outcome)}`)
    return { star, parent }
  }

  /** Stops everything; afterwards no bot runs, and no timer and nothing else is left. */
  async end(): Promise<void> {
    for (const { launcher } of this.#children) launcher.bots.stopsWell = true
    const parents = this.#parents.map(({ mode }) => mode.stop('the test is over'))
    await this.system.advance(20_000)
    const children = this.#children.map(({ mode }) => mode.stop('the test is over'))
    await this.system.advance(10_000)
    await Promise.all([...parents, ...children])
  }
}

function resolved(options: Partial<ShardingManagerOptions>) {
  return resolveOptions({ mode: 'machines', ...options }, processEnvironment())
}
