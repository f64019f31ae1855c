/**
 * Between the core of ownership and the machines: what machines say goes in, what the core decides
 * is told to them, kept on disk, and told to people.
 */
import type { InstancePlan } from '../../../allocator/plan-types.js'
import { parseRanges } from '../../../allocator/shard-lists.js'
import { MachinesError } from '../../../errors.js'
import type { ResolvedParent } from '../../../options/resolved-options.js'
import type { System } from '../../../system/system.js'
import type { ModeEvent } from '../../mode.js'
import type { ChildMessage, ParentSelf } from '../control-messages.js'
import type { Ownership } from './ownership/ownership.js'
import type {
  OwnershipAction,
  OwnershipRecord,
  RunningReport,
} from './ownership/ownership-types.js'
import type { KeepFault } from './ownership-file.js'
import { OwnershipKeeper } from './ownership-keeper.js'
import type { OwnershipMessage } from './remote-machine.js'
import type { Seats } from './seats.js'
import type { TopologyBoard } from './topology-board.js'

export interface DeskHooks {
  self(): ParentSelf
  /** False once a later start of this parent has begun. */
  isLatest(): boolean
  keep(record: OwnershipRecord): KeepFault | undefined
  onEvent(event: ModeEvent): void
  /** Nothing belongs to the machine any more. */
  emptied(machine: string): void
}

export class OwnershipDesk {
  readonly keeper: OwnershipKeeper
  readonly #policy: ResolvedParent['onMachineLost']
  readonly #leaseMs: number
  readonly #seats: Seats
  readonly #board: TopologyBoard
  readonly #hooks: DeskHooks

  constructor(
    { onMachineLost, leaseMs }: Pick<ResolvedParent, 'onMachineLost' | 'leaseMs'>,
    core: Ownership,
    { seats, board }: { readonly seats: Seats; readonly board: TopologyBoard },
    system: System,
    hooks: DeskHooks,
  ) {
    this.#policy = onMachineLost
    this.#leaseMs = leaseMs
    this.#seats = seats
    this.#board = board
    this.#hooks = hooks
    const isLeased = onMachineLost === 'reassign'
    this.keeper = new OwnershipKeeper(core, isLeased ? leaseMs : undefined, system, {
      maySpeak: () => this.#maySpeak(),
      carryOut: (action) => this.#carryOut(action),
    })
    this.#warnOfStrangers(core.strangers)
    // What the record has elsewhere than at home, before anybody asks where it is.
    this.keeper.flush()
  }

  /** A machine has said something of its shards or leases. */
  heard(machine: string, message: OwnershipMessage): void {
    this.keeper.happened((core, now) => {
      switch (message.op) {
        case 'running':
          core.reported(machine, this.#reportOf(message), now)
          break
        case 'released':
          core.released(machine, message.revision, now)
          break
        case 'lease':
          core.leaseAsked(machine, message, now)
          break
        case 'round':
          core.answered(machine, message.round, now)
          break
        case 'stopped':
          core.emptied(machine)
          break
      }
    })
  }

  reachable(machine: string, isReachable: boolean): void {
    this.keeper.happened((core, now) => core.reachable(machine, isReachable, now))
    if (isReachable) return
    const { core, now } = this.keeper
    const shards = this.#plansOf(core.where.wantedOn(machine)).flatMap((plan) => plan.shards)
    if (shards.length === 0) return
    const inMs = core.givenAwayInMs(machine, now)
    this.#hooks.onEvent({
      type: 'machine-lost',
      machine,
      policy: this.#policy,
      shards: shards.toSorted((a, b) => a - b),
      ...(inMs === undefined ? {} : { inMs }),
    })
  }

  sessionEnded(machine: string): void {
    this.keeper.happened((core) => core.sessionEnded(machine))
  }

  replaced(machine: string, by: 'later-start' | 'another-parent'): void {
    this.keeper.happened((core) => core.ceded(machine))
    if (by === 'later-start') this.#supersede()
  }

  /** The bots are being stopped. */
  halt(): void {
    this.keeper.happened((core) => core.halt())
  }

  /** Machines of which nobody knows whether they still run something. */
  get uncertain(): readonly string[] {
    const { core } = this.keeper
    return core.isSuperseded ? [] : core.holders
  }

  /**
   * Ends it; `isClean`: every machine that was asked to stop has confirmed that nothing runs there any
   * more. Those that were not reached were not asked, and the next start has to know of them.
   */
  end(isClean: boolean): void {
    const { core } = this.keeper
    this.keeper.stop()
    if (!isClean || core.isSuperseded || core.holders.length > 0) return
    const fault = this.#hooks.keep({ machines: {} })
    if (fault?.kind === 'warning') this.#warn(fault.error)
  }

  /**
   * Looked at before every word: a start that was suspended for a moment may have been followed by
   * another one, which counts every lease from its own beginning.
   */
  #maySpeak(): boolean {
    if (this.#hooks.isLatest()) return true
    this.#supersede()
    return false
  }

  #carryOut(action: OwnershipAction): void {
    switch (action.type) {
      case 'record':
        this.#keep(action.record)
        break
      case 'assign':
        this.#assign(action)
        break
      case 'grant':
        this.#seats.find(action.machine)?.member.machine.grant(action.n)
        break
      case 'round':
        this.#seats.find(action.machine)?.member.machine.tellRound(action.round)
        break
      case 'moved':
        this.#moved(action)
        break
      case 'held-back': {
        const { machine, why, instances } = action
        const shards = this.#plansOf(instances).flatMap((plan) => plan.shards)
        this.#hooks.onEvent({ type: 'reassign-held', machine, why, shards })
      }
    }
  }

  #keep(record: OwnershipRecord): void {
    const fault = this.#hooks.keep(record)
    if (fault?.kind === 'superseded') this.#supersede()
    if (fault?.kind === 'warning') this.#warn(fault.error)
  }

  #assign({ machine, revision, instances }: Extract<OwnershipAction, { type: 'assign' }>): void {
    // Keeping the record may have shown that this start has been followed by another one.
    if (this.keeper.core.isSuperseded) return
    const lease = this.#policy === 'reassign' ? { leaseMs: this.#leaseMs } : null
    const plans = this.#plansOf(instances)
    this.#seats.find(machine)?.member.machine.assign(revision, plans, lease)
  }

  #moved({ moves, reason }: Extract<OwnershipAction, { type: 'moved' }>): void {
    const { where } = this.keeper.core
    const changed = new Set(moves.flatMap(({ from, to }) => [from, to]))
    for (const machine of changed) {
      this.#seats.find(machine)?.member.machine.plan(this.#plansOf(where.wantedOn(machine)))
    }
    this.#board.moved(moves)
    this.#hooks.onEvent({ type: 'instances' })
    // That an instance was found running elsewhere at the start is no move.
    if (reason !== 'found') this.#hooks.onEvent({ type: 'moved', moves, reason })
    for (const machine of changed) {
      if (where.wantedOn(machine).size === 0) this.#hooks.emptied(machine)
    }
  }

  #plansOf(instances: Iterable<number>): InstancePlan[] {
    return [...instances]
      .toSorted((a, b) => a - b)
      .flatMap((id) => {
        const plan = this.keeper.core.where.instance(id)
        return plan ? [{ id, shards: plan.shards }] : []
      })
  }

  #reportOf(message: Extract<ChildMessage, { op: 'running' }>): RunningReport {
    const { source, lease, totalShards, instances } = message
    const { parent, epoch } = this.#hooks.self()
    const isOurs = source?.parent === parent && source.epoch === epoch
    return {
      revision: isOurs ? source.revision : 0,
      totalShards,
      leaseMs: lease?.leaseMs ?? null,
      instances: instances.map(({ id, shards }) => ({ id, shards: parseRanges(shards) })),
    }
  }

  #supersede(): void {
    if (this.keeper.core.isSuperseded) return
    this.keeper.core.supersede()
    const message =
      'a later start of this parent is at work: this one tells the machines nothing any more and ' +
      'gives nothing away; stop it'
    this.#warn(new MachinesError('DM_EPOCH_OLD', message))
  }

  #warnOfStrangers(strangers: readonly string[]): void {
    for (const machine of strangers) {
      const message =
        `${machine} may still run shards that an earlier start of this parent gave it, and is no ` +
        'point any more; they are not started elsewhere until its lease has ended, it is a point ' +
        'again, or removePoint(name, { isDown: true }) says that it is off'
      this.#warn(new MachinesError('DM_SHARDS_HELD', message, { machine }))
    }
  }

  #warn(error: MachinesError): void {
    this.#hooks.onEvent({ type: 'warning', error })
  }
}
