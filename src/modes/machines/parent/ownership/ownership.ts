/**
 * Who owns which shards: the parent's decisions about its machines. Pure: what happened and `now`
 * in, actions out of {@link Ownership.flush}, to be carried out in their order.
 *
 * One rule holds it together (see holdings.ts): an instance is told to a machine only while no other
 * one may be running it. Everything else changes only where an instance is wanted; what is told
 * follows by itself, as soon as the machine that had it has let go: it said so, its lease has surely
 * ended, or a person has said that it is off.
 *
 * All times are of one clock that also counts while this process is suspended.
 */
import type { ShardMove } from '../../../../allocator/plan-types.js'
import { limits } from '../../../../limits.js'
import { Electorate } from './electorate.js'
import { formerHoldings } from './former-holdings.js'
import { GiveAway } from './give-away.js'
import { Holdings } from './holdings.js'
import { LeaseBook } from './lease-book.js'
import { recordOf } from './ownership-record.js'
import type {
  MachineRoom,
  MoveReason,
  OwnedInstance,
  OwnershipAction,
  OwnershipOptions,
  RunningReport,
} from './ownership-types.js'
import { matchReport } from './report-match.js'
import { SeatBook } from './seat-book.js'
import { Whereabouts } from './whereabouts.js'

export class Ownership {
  readonly where: Whereabouts
  readonly #options: OwnershipOptions
  readonly #holdings = new Holdings()
  readonly #voters = new Electorate()
  readonly #leases: LeaseBook | undefined
  readonly #giveAway: GiveAway | undefined
  readonly #seats: SeatBook
  #actions: OwnershipAction[] = []
  #isRecordOld = true
  #isHalted = false
  #isSuperseded = false
  #seenAt: number

  constructor(
    options: OwnershipOptions,
    instances: readonly OwnedInstance[],
    machines: readonly MachineRoom[],
    now: number,
    leases: LeaseBook = new LeaseBook(options.leaseMs, now),
  ) {
    this.#options = options
    this.#seenAt = now
    this.where = new Whereabouts(instances, machines)
    if (options.policy === 'reassign') {
      this.#leases = leases
      this.#giveAway = new GiveAway(this.where, leases, this.#voters)
    }
    this.#seats = new SeatBook(this.where, this.#holdings, this.#leases)
    for (const { name } of machines) this.#join(name)
    const moves = formerHoldings(options, this.where, this.#holdings, this.#leases)
    if (moves.length > 0) this.#actions.push({ type: 'moved', moves, reason: 'found' })
  }

  /** Machines that may run shards of this bot and are no point of this parent. */
  get strangers(): readonly string[] {
    return this.#holdings.machines.filter((name) => !this.where.has(name))
  }

  /** Machines that may be running something, but for those that another parent has taken over. */
  get holders(): readonly string[] {
    return this.#holdings.machines.filter((name) => !this.#seats.get(name)?.isCeded)
  }

  get isSuperseded(): boolean {
    return this.#isSuperseded
  }

  get hasMajority(): boolean {
    return this.#voters.hasMajority
  }

  /** Whether the machine may be running anything. */
  holdsSomething(machine: string): boolean {
    return this.#holdings.holdsSomething(machine)
  }

  /** Whether the machine was told all that belongs to it. */
  isWhole(machine: string): boolean {
    return this.#seats.isWhole(machine)
  }

  /** In how many ms the shards of a machine that stays away may run elsewhere; undefined: never. */
  givenAwayInMs(machine: string, now: number): number | undefined {
    const end = this.#leases?.endOf(machine) ?? Infinity
    return Number.isFinite(end) ? Math.max(0, end - now) : undefined
  }

  /** The machine has said what it runs: the first word of a session, or after its lease has ended. */
  reported(machine: string, report: RunningReport, now: number): void {
    this.#look(now)
    const seat = this.#seats.get(machine)
    if (seat === undefined) return
    if (!seat.hasReported || report.revision >= seat.revision) seat.told = undefined
    const { same, blocked } = matchReport(report, this.#options.totalShards, this.where)
    seat.runs = new Set(same)
    this.#holds(machine, [...same, ...blocked, ...(seat.told ?? [])])
    if (!seat.hasReported) this.#seeLease(machine, report, now)
    const moves = same.flatMap((id) => this.#adopt(id, machine))
    if (moves.length > 0) this.#actions.push({ type: 'moved', moves, reason: 'found' })
    if (!seat.hasReported) this.#tellRound(machine)
    seat.hasReported = true
    seat.isReachable = true
    this.#seats.mark(machine)
  }

  /** The machine can be reached, or not any more; its session may go on meanwhile. */
  reachable(machine: string, isReachable: boolean, now: number): void {
    this.#look(now)
    const seat = this.#seats.get(machine)
    if (seat === undefined) return
    seat.isReachable = isReachable
    if (!isReachable) this.#voters.lost(machine)
    else if (seat.hasReported) this.#tellRound(machine)
    if (isReachable) this.#seats.mark(machine)
  }

  /** The session is over: the next one begins with a report. */
  sessionEnded(machine: string): void {
    const seat = this.#seats.get(machine)
    if (seat === undefined) return
    seat.hasReported = false
    seat.isReachable = false
    seat.told = undefined
    seat.runs = new Set()
    this.#voters.lost(machine)
  }

  /** The machine answers in this round. */
  answered(machine: string, round: number, now: number): void {
    this.#look(now)
    if (this.#seats.get(machine)?.hasReported) this.#voters.answered(machine, round)
  }

  /** What is not in this assignment has exited there. */
  released(machine: string, revision: number, now: number): void {
    this.#look(now)
    const seat = this.#seats.get(machine)
    if (seat?.told && revision === seat.revision) this.#holds(machine, seat.told)
  }

  /** Nothing runs there: it has stopped everything, or a person says that it is off. */
  emptied(machine: string): void {
    const seat = this.#seats.get(machine)
    if (seat) {
      seat.told = undefined
      seat.runs = new Set()
    }
    this.#holds(machine, [])
    this.#seats.mark(machine)
  }

  /** The machine asks to go on; it is not granted what it may not run any more. */
  leaseAsked(
    machine: string,
    ask: { n: number; revision: number; stopMs: number },
    now: number,
  ): void {
    this.#look(now)
    const seat = this.#seats.get(machine)
    if (this.#isSuperseded || !this.#voters.isProven || this.#leases === undefined) return
    if (seat?.told === undefined || ask.revision !== seat.revision) return
    this.#leases.granted(machine, ask.stopMs, now)
    this.#actions.push({ type: 'grant', machine, n: ask.n })
  }

  /** To be called often under `reassign`: leases end, and lost machines are given away. */
  tick(now: number): void {
    this.#look(now)
    if (this.#leases === undefined) return
    for (const machine of this.#holdings.machines) {
      if (this.#leases.endOf(machine) <= now) this.emptied(machine)
    }
    if (this.#isHalted || this.#isSuperseded || !this.#voters.isProven) return
    const { moves, held } = this.#giveAway?.look(this.#seats.all, now) ?? { moves: [], held: [] }
    this.#actions.push(...held)
    this.move(moves, 'machine-lost')
  }

  /** Wants instances elsewhere. */
  move(moves: readonly { instance: number; to: string }[], reason: MoveReason): void {
    const done = moves.flatMap(({ instance, to }) => this.where.move(instance, to) ?? [])
    if (done.length === 0) return
    for (const { from, to } of done) {
      this.#seats.mark(from)
      this.#seats.mark(to)
    }
    this.#isRecordOld = true
    this.#actions.push({ type: 'moved', moves: done, reason })
  }

  /** Whether a machine can be given shards now. */
  isUsable(machine: string): boolean {
    return this.#seats.isUsable(machine)
  }

  join(machine: MachineRoom, now: number): void {
    this.where.join(machine)
    this.#join(machine.name)
    // Nothing is known of it but that this start has told it nothing.
    if (!this.#holdings.holdsSomething(machine.name)) this.#leases?.open(machine.name)
    this.#leases?.told(machine.name, now)
  }

  /** Only after its instances were moved and it runs nothing. */
  leave(machine: string): void {
    this.where.leave(machine)
    if (this.#seats.leave(machine)) this.#voters.leave(machine)
    this.#holds(machine, [])
    this.#leases?.close(machine)
  }

  /** Another parent has taken the machine over. */
  ceded(machine: string): void {
    const seat = this.#seats.get(machine)
    if (seat) seat.isCeded = true
  }

  /** A later start of this parent is at work: this one tells nobody anything any more. */
  supersede(): void {
    this.#isSuperseded = true
  }

  /** The bots are being stopped: nothing is told and nothing given away any more. */
  halt(): void {
    this.#isHalted = true
  }

  /** What is to be done by now, in order. */
  flush(now: number): readonly OwnershipAction[] {
    this.#look(now)
    const isSilent = this.#isHalted || this.#isSuperseded || !this.#voters.isProven
    const assignments = isSilent ? [] : this.#seats.due(now)
    if (this.#isRecordOld && !this.#isSuperseded) {
      this.#isRecordOld = false
      this.#actions.unshift({
        type: 'record',
        record: recordOf(this.where, this.#holdings, this.#leases),
      })
    }
    const actions = [...this.#actions, ...assignments]
    this.#actions = []
    return actions
  }

  #adopt(id: number, machine: string): ShardMove[] {
    const from = this.where.machineOf(id) ?? machine
    if (!this.where.adopt(id, machine)) return []
    this.#seats.mark(from)
    this.#isRecordOld = true
    return [{ instance: id, shards: this.where.instance(id)?.shards ?? [], from, to: machine }]
  }

  /** The machine may run these and no others; whoever waits for the others has its turn. */
  #holds(machine: string, instances: Iterable<number>): void {
    const wasUnknown = this.#holdings.isUnknown(machine)
    const dropped = this.#holdings.set(machine, instances)
    if (dropped.length > 0) this.#isRecordOld = true
    for (const id of dropped) this.#seats.mark(this.where.machineOf(id) ?? machine)
    if (wasUnknown) this.#seats.markAll()
  }

  #seeLease(machine: string, { instances, leaseMs }: RunningReport, now: number): void {
    if (instances.length === 0) this.#leases?.open(machine)
    else if (leaseMs === null) this.#leases?.close(machine)
    else this.#leases?.runsBy(machine, leaseMs, now)
  }

  #tellRound(machine: string): void {
    const { round } = this.#voters
    if (round === 0) this.#voters.answered(machine, 0)
    else this.#actions.push({ type: 'round', machine, round })
  }

  #join(machine: string): void {
    if (this.#seats.join(machine)) this.#voters.join()
  }

  /** A process that was suspended sees it by its own ticks, which stayed away. */
  #look(now: number): void {
    const gapMs = now - this.#seenAt
    this.#seenAt = Math.max(now, this.#seenAt)
    if (this.#leases === undefined || gapMs < this.#leases.leaseMs / limits.leaseGapPart) return
    this.#voters.woke()
    this.#giveAway?.waitForReturns(now)
    for (const [machine, { hasReported }] of this.#seats.all)
      if (hasReported) this.#tellRound(machine)
  }
}
