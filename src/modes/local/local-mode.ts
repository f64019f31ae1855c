/** The modes on one machine: a fleet, and a router between its instances and this manager. */
import { planShards } from '../../allocator/plan-instances.js'
import { MachinesError } from '../../errors.js'
import type { ResolvedLocal } from '../../options/resolved-options.js'
import type { Calls } from '../../routing/calls.js'
import { parentEndpoint } from '../../routing/endpoint.js'
import { Topology } from '../../routing/topology.js'
import type { System } from '../../system/system.js'
import { ManagerNode } from '../manager-node.js'
import type { MachinePhase, MachineStatus, ManagerMode, ModeEvent } from '../mode.js'
import { createFleet } from './fleet.js'
import type { Fleet, InstanceEvent } from './fleet-types.js'
import { createLauncher } from './launchers/create-launcher.js'
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

  constructor(options: ResolvedLocal, system: System, onEvent: (event: ModeEvent) => void) {
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
      hops: {
        local: (instance) => (envelope) => this.#fleet.deliver(instance, envelope),
        machine: () => undefined,
        manager: () => undefined,
      },
    })
    this.#node.router.setTopology(Topology.fromPlan(plan))
    this.#fleet = createFleet(createLauncher(options.run.mode, system), {
      machine: machineName,
      totalShards: options.totalShards,
      instances: plan.machines.flatMap(({ instances }) => instances),
      run: options.run,
      callTimeoutMs: options.callTimeoutMs,
      system,
      writeOutput: writeLine,
      onEvent: (event) => this.#onInstance(event),
      onEnvelope: (instance, envelope) => {
        onEvent({ type: 'envelope', instance, envelope })
        this.#node.router.fromLocal(instance, envelope)
      },
    })
  }

  get calls(): Calls {
    return this.#node.calls
  }

  async start(): Promise<void> {
    this.#setPhase('starting')
    try {
      await this.#fleet.start()
      this.#setPhase('ready')
    } catch (error) {
      if (error instanceof MachinesError) this.#setPhase('failed', error)
      throw error
    }
  }

  async stop(reason: string): Promise<void> {
    await this.#fleet.stop(reason)
    this.#node.stop()
    this.#setPhase('stopped')
  }

  detach(): Promise<void> {
    const message = `detach() is for a parent; in mode '${this.#options.run.mode}' instances end with their manager`
    return Promise.reject(new MachinesError('DM_NOT_IN_THIS_MODE', message))
  }

  machines(): readonly MachineStatus[] {
    return [
      {
        name: machineName,
        index: 0,
        phase: this.#phase,
        mode: this.#options.run.mode,
        pingMs: undefined,
        lagMs: undefined,
        error: this.#error,
        instances: this.#fleet.status(),
      },
    ]
  }

  totalShards(): number {
    return this.#options.totalShards
  }

  address(): undefined {
    return undefined
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
  }

  #setPhase(phase: MachinePhase, error?: MachinesError): void {
    this.#phase = phase
    this.#error = error
    this.#onEvent({ type: 'machine', machine: machineName, phase, ...(error ? { error } : {}) })
  }
}
