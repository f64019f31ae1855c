/** The modes on one machine: a fleet, and a router between its instances and this manager. */
import { planShards } from '../../allocator/plan-instances.js'
import { type ErrorCode, MachinesError } from '../../errors.js'
import type { DialectMessage } from '../../instances/dialects/dialect.js'
import type { IpcIds } from '../../instances/ipc-ids.js'
import type { ResolvedLocal } from '../../options/resolved-options.js'
import type { Calls } from '../../routing/calls.js'
import { parentEndpoint } from '../../routing/endpoint.js'
import { Topology } from '../../routing/topology.js'
import type { System } from '../../system/system.js'
import { ManagerNode } from '../manager-node.js'
import type { MachinePhase, MachineStatus, ManagerMode, ModeEvent } from '../mode.js'
import type { Fleet, InstanceEvent, InstanceStatus } from './fleet-types.js'
import { type FleetFactory, launchedFleet } from './launched-fleet.js'
import { writeLine } from './output.js'

/** Name of the only machine in these modes. */
const machineName = 'local'

export class LocalMode implements ManagerMode {
  readonly #options: ResolvedLocal
  readonly #onEvent: (event: ModeEvent) => void
  readonly #fleet: Fleet
  readonly #node: ManagerNode
  #phase: MachinePhase = 'stopped'
  #error: MachinesError | undefined
  #isEnding = false

  constructor(
    options: ResolvedLocal,
    system: System,
    onEvent: (event: ModeEvent) => void,
    ipcIds: IpcIds,
    newFleet: FleetFactory = launchedFleet,
  ) {
    this.#options = options
    this.#onEvent = onEvent
    const plan = planShards(options.totalShards, [
      {
        machine: machineName,
        shards: options.shards,
        shardsPerInstance: options.shardsPerInstance,
      },
    ])
    this.#node = new ManagerNode({
      self: parentEndpoint,
      machine: 0,
      system,
      callTimeoutMs: options.callTimeoutMs,
      acceptRemoteEval: true,
      onUndelivered: (report) => onEvent({ type: 'undelivered', report }),
      onMail: (mail) => onEvent({ type: 'mail', mail }),
      onWarning: (error) => onEvent({ type: 'warning', error }),
      hops: {
        local: (instance) => (envelope) => this.#fleet.deliver(instance, envelope),
        machine: () => undefined,
        manager: () => undefined,
      },
    })
    const instances = plan.machines.flatMap((machine) => machine.instances)
    const topology = Topology.fromPlan(plan)
    this.#node.router.setTopology(topology)
    this.#fleet = newFleet({
      machine: machineName,
      totalShards: options.totalShards,
      instances,
      instanceCount: () => instances.length,
      hasShard: (shard) => topology.hasShard(shard),
      ipcIds,
      run: options.run,
      callTimeoutMs: options.callTimeoutMs,
      system,
      writeOutput: writeLine,
      onEvent: (event) => this.#onInstance(event),
      onEnvelope: (instance, envelope) => {
        onEvent({ type: 'envelope', instance, envelope })
        this.#node.router.fromLocal(instance, envelope)
      },
      onNotTaken: (envelope) => this.#node.router.notDelivered(envelope),
      onUndelivered: (report) => onEvent({ type: 'undelivered', report }),
      onWarning: (error) => onEvent({ type: 'warning', error }),
    })
  }

  get calls(): Calls {
    return this.#node.calls
  }

  tell(message: DialectMessage): void {
    this.#node.tell(message)
  }

  async start(): Promise<void> {
    this.#setPhase('starting')
    try {
      await this.#fleet.start()
      if (!this.#isEnding) this.#setPhase('ready')
    } catch (error) {
      // A start that stop() has overtaken is not one that failed.
      if (error instanceof MachinesError && !this.#isEnding) this.#setPhase('failed', error)
      throw error
    }
  }

  async stop(reason: string): Promise<void> {
    this.#isEnding = true
    await this.#fleet.stop(reason)
    this.#node.stop()
    this.#setPhase('stopped')
  }

  flushed(): Promise<void> {
    return Promise.resolve()
  }

  machines(): readonly MachineStatus[] {
    return [
      {
        name: machineName,
        index: 0,
        phase: this.#phase,
        mode: this.#options.run.mode,
        pingMs: undefined,
        pingP50Ms: undefined,
        pingP99Ms: undefined,
        lagMs: undefined,
        error: this.#error,
        instances: this.#fleet.status(),
      },
    ]
  }

  machine(name: string): MachineStatus | undefined {
    return this.machines().find((machine) => machine.name === name)
  }

  totalShards(): number {
    return this.#options.totalShards
  }

  address(): undefined {
    return undefined
  }

  identity(): undefined {
    return undefined
  }

  refusals(): ReadonlyMap<ErrorCode, number> {
    return new Map()
  }

  forgetPeer(): never {
    const message = `in mode '${this.#options.run.mode}' a manager has no peers`
    throw new MachinesError('DM_NOT_IN_THIS_MODE', message)
  }

  kill(instance: number): Promise<void> {
    return this.#fleet.kill(instance)
  }

  create(instance: number): Promise<void> {
    return this.#fleet.create(instance)
  }

  recreate(instance: number): Promise<void> {
    return this.#fleet.recreate(instance)
  }

  raw(instance: number): unknown {
    return this.#fleet.raw(instance)
  }

  #onInstance(event: InstanceEvent): void {
    if (event.type === 'exited') this.#node.router.instanceGone(event.instance)
    this.#onEvent({ type: 'instance', machine: machineName, event })
    const isHealed = this.#phase === 'failed' && !this.#isEnding && isReady(this.#fleet.status())
    if (isHealed) this.#setPhase('ready')
  }

  #setPhase(phase: MachinePhase, error?: MachinesError): void {
    this.#phase = phase
    this.#error = error
    this.#onEvent({ type: 'machine', machine: machineName, phase, ...(error ? { error } : {}) })
  }
}

function isReady(instances: readonly InstanceStatus[]): boolean {
  return instances.every(({ phase }) => phase === 'ready')
}
