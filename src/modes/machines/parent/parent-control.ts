/** What a person changes about the machines of a running parent; see machine-control.ts. */
import type { ShardMove } from '../../../allocator/plan-types.js'
import { MachinesError } from '../../../errors.js'
import { limits } from '../../../limits.js'
import { resolvePoint } from '../../../options/resolve-point.js'
import type { ResolvedParent, ResolvedPoint } from '../../../options/resolved-options.js'
import { isRecord } from '../../../routing/records.js'
import type { MachineControl, MovePlan } from '../../machine-control.js'
import type { InstanceArrivals } from './instance-arrivals.js'
import type { OwnershipKeeper } from './ownership-keeper.js'
import type { ParentLinks } from './parent-links.js'
import { roomOf } from './parent-plan.js'
import type { Seat, Seats } from './seats.js'
import type { TopologyBoard } from './topology-board.js'

export interface ControlHooks {
  /** Throws DM_STATE before the start and after the end. */
  keeper(): OwnershipKeeper
  /** Which machines there are has changed. */
  changed(): void
}

export class ParentControl implements MachineControl {
  readonly #options: ResolvedParent
  readonly #links: Pick<ParentLinks, 'add' | 'remove'>
  readonly #seats: Seats
  readonly #board: TopologyBoard
  readonly #arrivals: InstanceArrivals
  readonly #hooks: ControlHooks

  constructor(
    options: ResolvedParent,
    links: Pick<ParentLinks, 'add' | 'remove'>,
    { seats, board, arrivals }: { seats: Seats; board: TopologyBoard; arrivals: InstanceArrivals },
    hooks: ControlHooks,
  ) {
    this.#options = options
    this.#links = links
    this.#seats = seats
    this.#board = board
    this.#arrivals = arrivals
    this.#hooks = hooks
  }

  addPoint(given: unknown): string {
    const keeper = this.#hooks.keeper()
    const points = this.#seats.all.map(({ point }) => point)
    if (points.length >= limits.pointsMax) throw tooMany()
    const point = resolvePoint(asSpare(given), this.#options.tls, points)
    refuseShards(point)
    const seat = this.#seats.add(point, [])
    try {
      this.#links.add(seat.index, point)
    } catch (error) {
      this.#seats.remove(seat)
      throw error
    }
    this.#board.added(seat)
    keeper.happened((core, now) => core.join(roomOf(point, [...points, point]), now))
    this.#hooks.changed()
    seat.member.start()
    return point.name
  }

  plan(): MovePlan {
    const { core } = this.#hooks.keeper()
    const { moves, unplaced } = core.where.rebalance((machine) => core.isUsable(machine))
    const version = core.where.version
    return {
      moves: moves.flatMap(({ instance, to }) => this.#moveOf(instance, to)),
      unplaced,
      version,
    }
  }

  check({ moves, version }: MovePlan): readonly ShardMove[] {
    const { core } = this.#hooks.keeper()
    if (version === core.where.version) return moves
    const message = 'where shards run has changed since the plan was made; make another one'
    throw new MachinesError('DM_PLAN_STALE', message)
  }

  drain(machine: string): readonly ShardMove[] {
    const { core } = this.#hooks.keeper()
    this.#seats.get(machine)
    const leaving = core.where.wantedOn(machine)
    if (leaving.size > 0 && !core.isUsable(machine)) throw outOfReach(machine)
    const wasDraining = core.where.isDraining(machine)
    core.where.drain(machine, true)
    const { moves, unplaced } = core.where.place(leaving, (name) => core.isUsable(name))
    if (unplaced.length === 0)
      return moves.flatMap(({ instance, to }) => this.#moveOf(instance, to))
    core.where.drain(machine, wasDraining)
    throw noRoom(machine, unplaced)
  }

  undrain(machine: string): void {
    const { core } = this.#hooks.keeper()
    this.#seats.get(machine)
    core.where.drain(machine, false)
  }

  async move({ instance, to }: ShardMove, reason: 'drain' | 'plan' | 'remove'): Promise<void> {
    const keeper = this.#hooks.keeper()
    if (!keeper.core.isUsable(to)) throw outOfReach(to)
    const seat = this.#seats.find(to)
    const there = seat?.member.machine.instances.find(({ id }) => id === instance)
    if (keeper.core.where.machineOf(instance) === to && there?.phase === 'ready') return
    const arrived = this.#arrivals.wait(instance, to)
    keeper.happened((core) => core.move([{ instance, to }], reason))
    await arrived
  }

  confirmDown(machine: string): void {
    const keeper = this.#hooks.keeper()
    const seat = this.#seats.find(machine)
    if (!seat && !keeper.core.strangers.includes(machine)) this.#seats.get(machine)
    if (seat?.member.isUp) throw stillThere(machine)
    const wasDraining = keeper.core.where.isDraining(machine)
    const { where } = keeper.core
    where.drain(machine, true)
    const leaving = where.wantedOn(machine)
    const { moves, unplaced } = where.place(leaving, (name) => keeper.core.isUsable(name))
    if (unplaced.length > 0) {
      where.drain(machine, wasDraining)
      throw noRoom(machine, unplaced)
    }
    keeper.happened((core) => {
      core.emptied(machine)
      core.move(moves, 'remove')
    })
  }

  async remove(machine: string): Promise<void> {
    const keeper = this.#hooks.keeper()
    const seat = this.#seats.find(machine)
    if (!seat) return
    if (keeper.core.holdsSomething(machine) || keeper.core.where.wantedOn(machine).size > 0) {
      throw notEmpty(machine)
    }
    keeper.happened((core) => core.leave(machine))
    // The topology has to lose its instances before it loses the machine.
    keeper.flush()
    this.#forget(seat)
    await seat.member.end('DM_STOPPED', 'the machine was removed from the bot')
  }

  #forget(seat: Seat): void {
    this.#seats.remove(seat)
    this.#links.remove(seat.index)
    this.#board.removed(seat)
    this.#hooks.changed()
  }

  #moveOf(instance: number, to: string): ShardMove[] {
    const { where } = this.#hooks.keeper().core
    const from = where.machineOf(instance)
    const shards = where.instance(instance)?.shards
    return from === undefined || shards === undefined ? [] : [{ instance, shards, from, to }]
  }
}

/** Whoever adds a machine need not say that it has no shards yet. */
function asSpare(given: unknown): unknown {
  if (!isRecord(given) || given.shards !== undefined) return given
  const { childManagerOptions: child } = given
  return isRecord(child) && child.shards !== undefined ? given : { ...given, shards: [] }
}

/** Which shards there are was decided by the options; a machine that comes later takes from others. */
function refuseShards({ name, shards }: ResolvedPoint): void {
  if (shards.length === 0) return
  const allowed = 'no shards: plan() says what would move to it'
  const message = `point.childManagerOptions.shards: ${name} would have shards of others; allowed: ${allowed}`
  throw new MachinesError('DM_OPTION_CONFLICT', message, {
    path: 'point.childManagerOptions.shards',
    allowed,
  })
}

function tooMany(): MachinesError {
  const message = `point: there are ${limits.pointsMax} machines already`
  return new MachinesError('DM_OPTION_VALUE', message, { path: 'point' })
}

function outOfReach(machine: string): MachinesError {
  const message = `${machine} cannot be reached, so nobody knows what runs there; when it is off for certain: removePoint(name, { isDown: true })`
  return new MachinesError('DM_OFFLINE', message, { machine })
}

function noRoom(machine: string, unplaced: readonly number[]): MachinesError {
  const message = `no other machine has room for ${unplaced.length} instances of ${machine}; nothing was moved`
  return new MachinesError('DM_NO_ROOM', message, { machine })
}

function stillThere(machine: string): MachinesError {
  return new MachinesError('DM_STATE', `${machine} is not down: its link is up`, { machine })
}

function notEmpty(machine: string): MachinesError {
  const message = `${machine} may still be running instances`
  return new MachinesError('DM_STATE', message, { machine })
}
