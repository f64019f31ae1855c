/** A real parent with very many machines: it starts, loses a tenth of them for good, and they return. */
import { ParentMode } from '../../../src/modes/machines/parent/parent-mode.js'
import type { ModeEvent } from '../../../src/modes/mode.js'
import { ChildStub } from './child-stub.js'
import { type Figures, ScaleMeter } from './scale-meter.js'
import { parentOptions, type StarShape } from './star-options.js'
import { VirtualHost } from './virtual-host.js'
import { World } from './virtual-world.js'

const instancesPerMachine = 10
const shardsPerInstance = 10
const leaseMs = 30_000

export interface ScaleReport {
  readonly machines: number
  readonly start: Figures
  /** A minute in which nothing happens. */
  readonly rest: Figures
  readonly loss: Figures & { readonly movedShards: number; readonly tookMs: number }
  readonly heal: Figures
  /** Of the whole process afterwards, MiB. */
  readonly heapMb: number
}

function shapeOf(machines: number): StarShape {
  const perMachine = instancesPerMachine * shardsPerInstance
  return {
    machines: Array.from({ length: machines }, (_, index) => ({
      name: `m${index}`,
      shards: Array.from({ length: perMachine }, (_unused, n) => index * perMachine + n),
    })),
    spares: [],
    shardsPerInstance,
    totalShards: machines * perMachine,
    onMachineLost: 'reassign',
    leaseMs,
    killTimeoutMs: 500,
    startConcurrency: 4,
    startTimeoutMs: 8_000,
    callTimeoutMs: 1_000,
    times: { heartbeatMs: 5_000, silenceMs: 20_000, resumeWindowMs: 60_000 },
  }
}

export class ScaleRun {
  readonly #world = new World(1)
  readonly #machines: number
  readonly #meter: ScaleMeter
  readonly #mode: ParentMode
  readonly #stubs: ChildStub[] = []
  #movedShards = 0

  constructor(machines: number) {
    this.#machines = machines
    const process = new VirtualHost(this.#world, 'p').spawn('parent')
    this.#meter = new ScaleMeter(process)
    const links: ConstructorParameters<typeof ParentMode>[1] = {
      identity: undefined,
      forgetPeer: () => false,
      self: { parent: 'parent', epoch: 1 },
      former: 'nothing',
      isLatest: true,
      keep: () => undefined,
      add: () => {},
      remove: () => {},
      open: () => Promise.resolve(),
      dial: (index, events) => {
        const stub = new ChildStub(this.#meter, leaseMs, events)
        this.#stubs[index] = stub
        return stub
      },
    }
    const options = parentOptions(shapeOf(machines), [])
    this.#mode = new ParentMode(options, links, this.#meter.system, (event) => this.#on(event))
  }

  async run(): Promise<ScaleReport> {
    void this.#mode.start()
    await this.#world.run(10_000)
    const start = this.#meter.take()
    await this.#world.run(60_000)
    const rest = this.#meter.take()
    const lost = this.#stubs.slice(0, Math.max(1, this.#machines / 10))
    for (const stub of lost) stub.lose()
    const tookMs = await this.#untilAllRun()
    const loss = { ...this.#meter.take(), movedShards: this.#movedShards, tookMs }
    for (const stub of lost) stub.start()
    await this.#world.run(10_000)
    const heal = this.#meter.take()
    const heapMb = Math.round(process.memoryUsage().heapUsed / 1024 ** 2)
    return { machines: this.#machines, start, rest, loss, heal, heapMb }
  }

  /** How many instances somebody was told to run. */
  get running(): number {
    return this.#stubs.reduce((sum, { instances }) => sum + instances, 0)
  }

  async #untilAllRun(): Promise<number> {
    const since = this.#world.now
    while (this.running < this.#machines * instancesPerMachine) {
      if (this.#world.now - since > 10 * leaseMs) throw new Error(`only ${this.running} run again`)
      await this.#world.run(500)
    }
    return this.#world.now - since
  }

  #on(event: ModeEvent): void {
    if (event.type !== 'moved') return
    this.#movedShards += event.moves.reduce((sum, { shards }) => sum + shards.length, 0)
  }
}
