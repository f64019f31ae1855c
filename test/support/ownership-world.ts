/**
 * A parent and its children as real processes on loopback, bots that hold a gateway session for each
 * shard, and a Discord that refuses a second one: the referee of who owns which shard.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { MovePlan } from '../../dist/index.js'
import { FakeDiscord } from '../../dist/testing/index.js'
import { eventually } from './eventually.js'
import { FaultProxy } from './fault-proxy.js'
import { freePort } from './free-port.js'
import { type HeldSession, heldSessions } from './held-sessions.js'
import type { LauncherMode } from './launched-bot.js'
import type { ManagerProcess } from './manager-process.js'
import { isRunning, isStopped } from './processes.js'
import { childOptions, quickLink, startStar } from './star-process.js'

/** Nothing takes as long unless something is wrong. */
const patienceMs = 60_000

export interface WorldOptions {
  /** Given: `reassign`. Else `hold`. */
  readonly leaseMs?: number
  /** Of each machine; as many machines as there are. Default three with processes. */
  readonly modes?: readonly LauncherMode[]
  /** Of one shard each, on each machine. Default 1. */
  readonly instancesPerMachine?: number
  /** More machines that stand by without being a point. Default 0. */
  readonly strangers?: number
}

interface Child {
  readonly port: number
  readonly proxy: FaultProxy
  process: ManagerProcess | undefined
}

const standard = {
  modes: Array<LauncherMode>(3).fill('processes'),
  instancesPerMachine: 1,
  strangers: 0,
}

export class OwnershipWorld {
  readonly discord: FakeDiscord
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'discordoo-machines-world-'))
  readonly #options: WorldOptions & typeof standard
  readonly #children: Child[] = []
  readonly #managers: ManagerProcess[] = []
  /** Every bot that was ever seen. */
  readonly #bots = new Set<number>()
  #parent: ManagerProcess | undefined
  #orders = 0

  private constructor(options: WorldOptions & typeof standard, discord: FakeDiscord) {
    this.#options = options
    this.discord = discord
  }

  /** Resolves when every shard has its session. */
  static async start(given: WorldOptions = {}): Promise<OwnershipWorld> {
    const options = { ...standard, ...given, modes: [...(given.modes ?? standard.modes)] }
    const totalShards = options.modes.length * options.instancesPerMachine
    const pace = { maxConcurrency: totalShards, identifyIntervalMs: 0 }
    const discord = await FakeDiscord.start({ totalShards, guildsPerShard: 1, ...pace })
    const world = new OwnershipWorld(options, discord)
    const machines = Array.from({ length: options.modes.length + options.strangers }).keys()
    await Promise.all([...machines].map((index) => world.#addChild(index)))
    await world.startParent()
    await world.whole()
    return world
  }

  get totalShards(): number {
    return this.#options.modes.length * this.#options.instancesPerMachine
  }

  get parent(): ManagerProcess {
    if (this.#parent === undefined) throw new Error('no parent was started')
    return this.#parent
  }

  child(index: number): ManagerProcess {
    const { process: running } = this.#childAt(index)
    if (running === undefined) throw new Error(`child ${index} was not started`)
    return running
  }

  /** What the parent reaches the child through. */
  link(index: number): FaultProxy {
    return this.#childAt(index).proxy
  }

  /** All sessions that have a connection, by shard. */
  get held(): readonly HeldSession[] {
    const held = heldSessions(this.discord)
    for (const { pid } of held) this.#bots.add(pid)
    return held
  }

  /** Machine of each shard, by shard; undefined where it has no session. */
  get places(): readonly (string | undefined)[] {
    const held = new Map(this.held.map(({ shard, machine }) => [shard, machine]))
    return Array.from({ length: this.totalShards }, (_, shard) => held.get(shard))
  }

  /** Starts the parent, again, on the same state folder; resolves when its start() has. */
  async startParent(): Promise<ManagerProcess> {
    const { leaseMs, modes } = this.#options
    const terms = leaseMs === undefined ? {} : { onMachineLost: 'reassign', leaseMs }
    const points = modes.map((_, index) => this.point(index))
    const stateDir = join(this.#folder, 'parent')
    const machines = { me: 'parent', stateDir, points, link: quickLink, ...terms }
    const parent = this.#start('star-parent', { machines })
    this.#parent = parent
    await parent.waitFor(/\{"started"/)
    return parent
  }

  /** Starts a child, again; resolves when it listens. */
  async startChild(index: number): Promise<ManagerProcess> {
    const child = this.#childAt(index)
    const stateDir = join(this.#folder, `child-${index}`)
    child.process = this.#start('star-child', childOptions('127.0.0.1', child.port, stateDir))
    await child.process.waitFor(/\{"listening"/)
    return child.process
  }

  /** The point of a machine, as the options of the parent have it, or addPoint() takes it. */
  point(index: number): object {
    const { instancesPerMachine: each, modes } = this.#options
    const mode = modes[index]
    const shards = { from: index * each, to: (index + 1) * each - 1 }
    const share = mode === undefined ? { mode: 'processes' } : { mode, shards }
    const { port } = this.link(index)
    return { host: '127.0.0.1', port, name: `m${index}`, childManagerOptions: share }
  }

  /** Calls a method of the parent; resolves to its result, or to `{ code }` of its error. */
  async order(call: string, ...args: readonly unknown[]): Promise<unknown> {
    this.#orders += 1
    const n = this.#orders
    this.parent.child.stdin?.write(`${JSON.stringify({ n, call, args })}\n`)
    const [line] = await this.parent.waitFor(new RegExp(`^\\{"(done|refused)":${n}\\b.*$`, 'm'))
    const { result, code } = JSON.parse(line)
    return code === undefined ? result : { code }
  }

  /** What plan() of the parent says, once it has so many moves. */
  planned(moves: number): Promise<MovePlan> {
    const look = async () => {
      const plan = (await this.order('plan')) as MovePlan
      return plan.moves.length === moves ? plan : undefined
    }
    return eventually(look, `a plan of ${moves} moves`, patienceMs)
  }

  /** What the process says from now on: resolves with the first match. */
  listen(to: ManagerProcess): (pattern: RegExp) => Promise<RegExpMatchArray> {
    const start = to.output.length
    return (pattern) =>
      to.waitUntil((output) => output.slice(start).match(pattern) ?? undefined, String(pattern))
  }

  /** Resolves when every shard has a session, and as `holds` wants it. */
  async whole(holds: (held: readonly HeldSession[]) => boolean = () => true) {
    const isWhole = () => this.held.length === this.totalShards && holds(this.held)
    await this.until(isWhole, 'sessions of all shards')
    return this.held
  }

  /** Asked again whenever something happens at Discord. */
  async until(holds: () => boolean, what: string): Promise<void> {
    const signal = AbortSignal.timeout(patienceMs)
    await this.discord.until(holds, signal).catch((cause: unknown) => {
      const message = `waited in vain for ${what}; shards are on ${this.places.join(', ')}`
      const refused = JSON.stringify(this.discord.stats.violations)
      throw new Error(`${message}; refused: ${refused}\n${this.#outputs()}`, { cause })
    })
  }

  /** Stops processes, and resolves when they are. */
  async suspend(...pids: readonly number[]): Promise<void> {
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    await eventually(() => pids.every(isStopped) || undefined, `${pids.join(', ')} to be stopped`)
  }

  wake(...pids: readonly number[]): void {
    for (const pid of pids) process.kill(pid, 'SIGCONT')
  }

  /** These very sessions go on: nothing was restarted, and nothing has moved. */
  expectHeld(sessions: readonly HeldSession[]): void {
    expect(this.held, this.#outputs()).toEqual(sessions)
  }

  /** Discord had nothing to complain of; a second session for a shard is what it would refuse first. */
  expectNoViolation(): void {
    expect(this.discord.stats.violations).toEqual([])
  }

  /** Ends everything, what is stopped too. */
  async end(): Promise<void> {
    const bots = new Set([...this.#bots, ...this.held.map(({ pid }) => pid)])
    await Promise.all(this.#managers.map((manager) => manager.kill('SIGKILL')))
    for (const pid of [...bots].filter(isRunning)) process.kill(pid, 'SIGKILL')
    await this.discord.close()
    await Promise.all(this.#children.map(({ proxy }) => proxy.close()))
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #addChild(index: number): Promise<void> {
    const port = await freePort()
    this.#children[index] = { port, proxy: await FaultProxy.to(port), process: undefined }
    await this.startChild(index)
  }

  #childAt(index: number): Child {
    const child = this.#children[index]
    if (child === undefined) throw new Error(`there is no child ${index}`)
    return child
  }

  #start(file: 'star-parent' | 'star-child', options: object): ManagerProcess {
    const gateway = `${this.discord.gatewayUrl}/?v=10&encoding=json`
    const running = startStar({ file, options, cwd: this.#folder, gateway })
    this.#managers.push(running)
    return running
  }

  #outputs(): string {
    return this.#managers.map(({ pid, output }) => `--- ${pid}\n${output}`).join('\n')
  }
}
