/**
 * The child as a node of the network: the router between its instances and the parent. It is made
 * anew with each assignment, as the plan gives this machine its number.
 */
import type { MachinesError } from '../../../errors.js'
import type { DialectMessage } from '../../../instances/dialects/dialect.js'
import type { Calls } from '../../../routing/calls.js'
import { managerEndpoint } from '../../../routing/endpoint.js'
import type { Router } from '../../../routing/router.js'
import type { Port, Undelivered } from '../../../routing/router-types.js'
import { Topology } from '../../../routing/topology.js'
import { invalidTopology } from '../../../routing/topology-checks.js'
import { checkPatch } from '../../../routing/topology-wire.js'
import type { System } from '../../../system/system.js'
import { ManagerNode } from '../../manager-node.js'
import type { CheckedAssignment } from './assignment-parser.js'

/** What an assignment says of it. */
type Place = Pick<CheckedAssignment, 'index' | 'callTimeoutMs'>

export interface NetworkOptions {
  readonly system: System
  readonly acceptRemoteEval: boolean
  /** Until an assignment brings the one of the parent, ms. */
  readonly callTimeoutMs: number
  /** The way to the parent, if it can be reached. */
  uplink(): Port | undefined
  /** The instance takes it, or false. */
  deliver(instance: number, envelope: Uint8Array): boolean
  onUndelivered(report: Undelivered): void
  onWarning(error: MachinesError): void
}

export class ChildNetwork {
  readonly #options: NetworkOptions
  /** One port for every machine: they all lie behind the parent, so one copy is sent for all. */
  readonly #up: Port
  #node: ManagerNode
  #topology: Topology | undefined

  constructor(options: NetworkOptions) {
    this.#options = options
    this.#up = (envelope) => options.uplink()?.(envelope) ?? false
    this.#node = this.#createNode(undefined)
  }

  get calls(): Calls {
    return this.#node.calls
  }

  /** How many instances the bot has over all machines; 0 before the parent has said it. */
  get instanceCount(): number {
    return this.#topology?.instances.length ?? 0
  }

  /** Whether anybody serves a shard. */
  hasShard(shard: number): boolean {
    return this.#topology?.hasShard(shard) ?? false
  }

  tell(message: DialectMessage): void {
    this.#node.tell(message)
  }

  get router(): Router {
    return this.#node.router
  }

  /** This machine has another place in the plan; calls under way end with DM_STOPPED. */
  assign(assignment: Place): void {
    this.#node.stop()
    this.#node = this.#createNode(assignment)
    if (this.#topology) this.#node.router.setTopology(this.#topology)
  }

  /** Throws DM_TOPOLOGY_INVALID; then the former one holds. */
  setTopology(wire: unknown): void {
    this.#takeTopology(Topology.fromWire(wire))
  }

  /**
   * Takes what has changed since. Throws DM_TOPOLOGY_INVALID, also for one that does not follow on
   * the topology that is known; then that one holds until the next session brings the whole of it.
   */
  patchTopology(wire: unknown): void {
    const patch = checkPatch(wire)
    if (this.#topology === undefined) throw invalidTopology('a patch before there was one')
    this.#takeTopology(this.#topology.patched(patch))
  }

  stop(): void {
    this.#node.stop()
  }

  #takeTopology(topology: Topology): void {
    this.#topology = topology
    this.#node.router.setTopology(topology)
  }

  #createNode(assignment: Place | undefined): ManagerNode {
    const options = this.#options
    const up = () => (options.uplink() === undefined ? undefined : this.#up)
    return new ManagerNode({
      self: managerEndpoint(assignment?.index ?? 0),
      machine: assignment?.index,
      system: options.system,
      callTimeoutMs: assignment?.callTimeoutMs ?? options.callTimeoutMs,
      acceptRemoteEval: options.acceptRemoteEval,
      onUndelivered: (report) => options.onUndelivered(report),
      onWarning: (error) => options.onWarning(error),
      hops: {
        local: (instance) => (envelope) => options.deliver(instance, envelope),
        machine: up,
        manager: up,
      },
    })
  }
}
