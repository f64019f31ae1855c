/**
 * A whole network in memory: a parent, machines and their instances, with real routers, requesters
 * and responders, joined by a queue instead of sockets, under a clock that only tests move.
 */
import type { ShardPlan } from '../../../src/allocator/plan-types.js'
import { compileScript } from '../../../src/bot/compile-script.js'
import { decodeBody } from '../../../src/routing/body-codec.js'
import type { Caller } from '../../../src/routing/caller.js'
import { Calls } from '../../../src/routing/calls.js'
import { managerEndpoint, parentEndpoint } from '../../../src/routing/endpoint.js'
import { bodyOf } from '../../../src/routing/envelope-codec.js'
import { Handlers } from '../../../src/routing/handlers.js'
import { Requester, type RequesterOptions } from '../../../src/routing/requester.js'
import { Responder } from '../../../src/routing/responder.js'
import { Router } from '../../../src/routing/router.js'
import type { Port, Undelivered } from '../../../src/routing/router-types.js'
import { Topology } from '../../../src/routing/topology.js'
import type { TopologyPatch } from '../../../src/routing/topology-wire.js'

export interface Shape {
  readonly machines: readonly { readonly instances: number; readonly acceptRemoteEval?: boolean }[]
  readonly shardsPerInstance?: number
  /** Whether instances ask and answer together what they ask and answer in one turn. */
  readonly gathers?: boolean
}

/** Machines named m0, m1...; instance ids and shards counted through them. */
export function planOf({ machines, shardsPerInstance = 2 }: Shape): ShardPlan {
  let id = 0
  const plans = machines.map(({ instances }, index) => ({
    index,
    machine: `m${index}`,
    instances: Array.from({ length: instances }, () => {
      const first = id * shardsPerInstance
      const shards = Array.from({ length: shardsPerInstance }, (_, step) => first + step)
      return { id: id++, shards }
    }),
  }))
  return { totalShards: id * shardsPerInstance, machines: plans }
}

/** Anything that asks: an instance, or a manager. */
class Asker {
  readonly requester: Requester
  readonly calls: Calls
  readonly undelivered: Undelivered[] = []

  constructor(
    network: Network,
    self: number,
    send: (envelope: Uint8Array) => boolean,
    gathering: Pick<RequesterOptions, 'later'> = {},
  ) {
    this.requester = new Requester({
      self,
      send,
      clock: network,
      firstId: 0xffff_fffe,
      timeoutMs: 1_000,
      onUndelivered: (report) => this.undelivered.push(report),
      ...gathering,
    })
    this.calls = new Calls(this.requester)
  }
}

export class FakeInstance extends Asker {
  readonly responder: Responder
  readonly handlers = new Handlers()
  readonly messages: { message: unknown; from: Caller }[] = []
  readonly sendRaw: Port
  /** Gets what is sent to it and never answers, as after SIGSTOP. */
  silent = false
  alive = true

  constructor(network: Network, id: number, gathers: boolean) {
    const send = (bytes: Uint8Array) => {
      network.later(() => {
        if (this.alive) network.router(network.whereIs(id)).fromLocal(id, bytes)
      })
      return true
    }
    const gathering = gathers ? { later: (run: () => void) => network.later(run) } : {}
    super(network, id, send, gathering)
    this.sendRaw = send
    this.responder = new Responder({
      self: id,
      send,
      handlers: this.handlers,
      compile: (script) => {
        const run = compileScript(script)
        return (context) => run({ ...context, id })
      },
      onMessage: (message, from) => this.messages.push({ message, from }),
      onUnreadable: (error) => this.messages.push({ message: error, from: nobody }),
      ...gathering,
    })
  }

  receive(envelope: Uint8Array): void {
    if (this.silent || !this.alive) return
    if (!this.responder.receive(envelope)) this.requester.receive(envelope)
  }
}

const nobody: Caller = { instance: undefined, machine: undefined }

export class Network {
  readonly parent: Asker
  readonly parentRouter: Router
  /** What came to the parent for itself. */
  readonly mail: { readonly verb: number; readonly source: number; readonly value: unknown }[] = []
  readonly routers: Router[] = []
  readonly instances: FakeInstance[] = []
  /** The managers of machines, as askers. */
  readonly managers: Asker[] = []
  /** The latest that the parent has told anybody. */
  topology: Topology
  /** Links that are cut: machines cannot be reached, and cannot reach anybody. */
  readonly cut = new Set<number>()
  /** Links, as in `crossed`, that have no room but for envelopes of so many bytes. */
  readonly room = new Map<string, number>()
  /** Envelopes that crossed links, by direction: `up0` is from machine 0 to the parent. */
  readonly crossed = new Map<string, number>()
  /** On which machine an instance really runs, whatever the topology says. */
  readonly #places = new Map<number, number>()
  /** What `patch` has made, and how much of it each machine was told. */
  readonly #history: Topology[] = []
  readonly #told = new Map<number, number>()
  #time = 1_000
  #queue: (() => void)[] = []

  constructor(shape: Shape) {
    this.topology = Topology.fromPlan(planOf(shape))
    this.parentRouter = new Router({
      self: parentEndpoint,
      machine: undefined,
      hops: {
        local: () => undefined,
        machine: (index) => this.#link(index, 'down'),
        manager: (endpoint) => this.#link(endpoint - managerEndpoint(0), 'down'),
      },
      deliver: (envelope) => this.parent.requester.receive(envelope),
      onMail: (envelope, { verb, source }) => {
        this.mail.push({ verb, source, value: decodeBody(bodyOf(envelope)) })
      },
      clock: this,
    })
    this.parent = new Asker(this, parentEndpoint, (bytes) => {
      this.parentRouter.fromSelf(bytes)
      return true
    })
    this.parentRouter.setTopology(this.topology)
    shape.machines.forEach(({ acceptRemoteEval = true }, index) => {
      this.routers.push(this.#machine(index, acceptRemoteEval))
    })
    for (const id of this.topology.instances) {
      this.#places.set(id, this.topology.machineOf(id) ?? 0)
      this.instances.push(new FakeInstance(this, id, shape.gathers ?? false))
    }
  }

  now(): number {
    return this.#time
  }

  later(action: () => void): void {
    this.#queue.push(action)
  }

  instance(id: number): FakeInstance {
    const found = this.instances[id]
    if (found === undefined) throw new Error(`no instance ${id}`)
    return found
  }

  router(index: number): Router {
    const found = this.routers[index]
    if (found === undefined) throw new Error(`no machine ${index}`)
    return found
  }

  /** Lets only the next things happen. */
  async step(count: number): Promise<void> {
    for (const action of this.#queue.splice(0, count)) action()
    await new Promise(setImmediate)
  }

  /** Lets everything happen that needs no time to pass. */
  async run(): Promise<void> {
    do {
      for (const action of this.#queue.splice(0)) action()
      await new Promise(setImmediate)
    } while (this.#queue.length > 0)
  }

  async settle<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {})
    await this.run()
    return promise
  }

  async advance(ms: number): Promise<void> {
    this.#time += ms
    this.parentRouter.tick(this.#time)
    for (const router of this.routers) router.tick(this.#time)
    await this.run()
  }

  exit(id: number): void {
    this.instance(id).alive = false
    this.router(this.whereIs(id)).instanceGone(id)
  }

  whereIs(id: number): number {
    return this.#places.get(id) ?? 0
  }

  /** Starts an instance that has exited, on any machine. */
  revive(id: number, machine: number): void {
    this.#places.set(id, machine)
    this.instance(id).alive = true
  }

  /** Makes the next topology and tells the parent's router; the machines are told by `tell`. */
  patch(change: Omit<TopologyPatch, 'version'>): void {
    this.topology = this.topology.patched({ ...change, version: this.topology.version + 1 })
    this.parentRouter.setTopology(this.topology)
    this.#history.push(this.topology)
  }

  /** Every topology that they do not know yet, behind what is on its way to them, as on a link. */
  tell(...machines: readonly number[]): void {
    for (const machine of machines) {
      const news = this.#history.slice(this.#told.get(machine) ?? 0)
      this.#told.set(machine, this.#history.length)
      for (const topology of news) this.later(() => this.router(machine).setTopology(topology))
    }
  }

  /** Cuts a machine off and tells every router, as the parent would. */
  lose(machine: number): void {
    this.cut.add(machine)
    const topology = this.topology.withDown([machine])
    this.parentRouter.setTopology(topology)
    this.routers.forEach((router, index) => {
      if (index === machine) router.machineLost('parent')
      else router.setTopology(topology)
    })
  }

  #machine(index: number, acceptRemoteEval: boolean): Router {
    const up = this.#link(index, 'up')
    const router = new Router({
      self: managerEndpoint(index),
      machine: index,
      hops: {
        local: (id) => {
          const instance = this.instances[id]
          if (!instance?.alive || this.whereIs(id) !== index) return undefined
          return (bytes) => {
            this.later(() => instance.receive(bytes))
            return true
          }
        },
        machine: () => up,
        manager: () => up,
      },
      deliver: (envelope) => this.managers[index]?.requester.receive(envelope),
      clock: this,
      acceptRemoteEval,
    })
    router.setTopology(this.topology)
    this.managers[index] = new Asker(this, managerEndpoint(index), (bytes) => {
      router.fromSelf(bytes)
      return true
    })
    return router
  }

  readonly #links = new Map<string, Port>()

  #link(index: number, direction: 'up' | 'down'): Port {
    const name = `${direction}${index}`
    const port: Port = (bytes) => {
      if (this.cut.has(index) || !this.topology.machineIndexes.includes(index)) return false
      if (bytes.length > (this.room.get(name) ?? Number.POSITIVE_INFINITY)) return 'full'
      this.crossed.set(name, (this.crossed.get(name) ?? 0) + 1)
      this.later(() => {
        if (this.cut.has(index)) return
        if (direction === 'up') this.parentRouter.fromLink(bytes, index)
        else this.router(index).fromLink(bytes, 'parent')
      })
      return true
    }
    const known = this.#links.get(name) ?? port
    this.#links.set(name, known)
    return known
  }
}
