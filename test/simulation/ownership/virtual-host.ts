/**
 * A machine: the clocks that all of its processes share, its disk, and its power.
 *
 * The monotonic clock stands still while the machine sleeps, the machine's time does not, and the wall
 * clock may jump. Clocks of different machines run at slightly different speeds.
 */
import { VirtualProcess } from './virtual-process.js'
import type { World } from './virtual-world.js'

/** Clocks of computers differ by far less; two of these differ by a little less than parents allow for. */
const driftMax = 0.009

const wallClockStart = 1_700_000_000_000

export class VirtualHost {
  readonly name: string
  readonly world: World
  /** What survives every crash. */
  readonly disk: Map<string, string> = new Map()
  readonly #rate: number
  readonly #processes = new Set<VirtualProcess>()
  readonly #byPid = new Map<number, VirtualProcess>()
  #wallOffset = 0
  #sleptMs = 0
  #asleepSince: number | undefined
  #wokeAt = -Infinity
  #bootedAt: number
  #boot = 1
  #isOff = false

  constructor(world: World, name: string) {
    this.world = world
    this.name = name
    this.#rate = 1 + world.between(-driftMax, driftMax)
    this.#bootedAt = -world.between(1_000, 100_000)
  }

  get isAsleep(): boolean {
    return this.#asleepSince !== undefined
  }

  /** Since it slept last; Infinity: it never did. */
  get awakeMs(): number {
    return this.world.now - this.#wokeAt
  }

  /** Neither asleep nor without power. */
  get isUp(): boolean {
    return !this.#isOff && !this.isAsleep
  }

  get processes(): readonly VirtualProcess[] {
    return [...this.#processes]
  }

  /** Counts the starts of the machine. */
  get boot(): number {
    return this.#boot
  }

  monotonic(): number {
    const slept = this.#sleptMs + (this.world.now - (this.#asleepSince ?? this.world.now))
    return (this.world.now - slept) * this.#rate
  }

  machineTime(): number {
    return (this.world.now - this.#bootedAt) * this.#rate
  }

  wallClock(): number {
    return Math.floor(wallClockStart + this.world.now + this.#wallOffset)
  }

  /** World time that this much monotonic time takes. */
  toWorld(delayMs: number): number {
    return delayMs / this.#rate
  }

  jumpWallClock(byMs: number): void {
    this.#wallOffset += byMs
  }

  sleep(): void {
    this.#asleepSince ??= this.world.now
  }

  wake(): void {
    if (this.#asleepSince === undefined) return
    this.#sleptMs += this.world.now - this.#asleepSince
    this.#asleepSince = undefined
    this.#wokeAt = this.world.now
    for (const one of this.processes) one.catchUp()
  }

  /** Every process is gone, and nobody is told. */
  powerOff(): void {
    this.wake()
    this.#isOff = true
    for (const one of this.processes) one.die('power')
  }

  /** Its clocks begin anew, apart from the one on the wall. */
  powerOn(): void {
    if (!this.#isOff) return
    this.#isOff = false
    this.#boot += 1
    this.#bootedAt = this.world.now
  }

  spawn(name: string, pid?: number): VirtualProcess {
    const one: VirtualProcess = new VirtualProcess(this, name, () => {
      this.#processes.delete(one)
      if (pid !== undefined) this.#byPid.delete(pid)
    })
    this.#processes.add(one)
    if (pid !== undefined) this.#byPid.set(pid, one)
    return one
  }

  /** The process, while it lives. */
  find(pid: number): VirtualProcess | undefined {
    return this.#byPid.get(pid)
  }
}
