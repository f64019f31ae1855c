/**
 * Whatever happens in whatever order: never two live incarnations, every wait ends, none is forgotten
 * while it lives, and nothing is launched by itself beyond the budget of session starts.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import type { InstanceEvent } from '../../../../src/modes/local/fleet-types.js'
import type { SupervisorAction } from '../../../../src/modes/local/instance-cycle.js'
import { dayMs } from '../../../../src/modes/local/start-budget.js'
import { Supervisor } from '../../../../src/modes/local/supervisor.js'

const ids = [0, 1, 2]
const unable = new MachinesError('DM_INTERNAL', 'it cannot start')
const concurrency = 2
const startsPerDay = 6

const doings = [
  'create',
  'stop',
  'ready',
  'exit',
  'lost',
  'unable',
  'tick',
  'stopAll',
  'memory',
  'remove',
  'add',
] as const
const step = fc.record({
  doing: fc.constantFrom(...doings),
  id: fc.constantFrom(...ids),
  afterMs: fc.constantFrom(0, 1, 100, 2_000, 100_000, dayMs / 2),
})
interface Step {
  readonly doing: (typeof doings)[number]
  readonly id: number
  readonly afterMs: number
}

/** A supervisor with a world that does what it is told and checks every action. */
class World {
  readonly live = new Set<number>()
  /** Those that the supervisor knows. */
  readonly #here = new Set(ids)
  readonly #leaving = new Set<number>()
  readonly #starting = new Set<number>()
  readonly #startWaits = new Set<number>()
  readonly #endWaits = new Set<number>()
  /** Asked to stop for their memory. */
  readonly #recycled = new Set<number>()
  #launchTimes: number[] = []
  readonly #supervisor: Supervisor
  #now = 0

  constructor(respawns: boolean, random: () => number) {
    this.#supervisor = new Supervisor(
      ids.map((id) => ({ id, shards: [id] })),
      {
        startTimeoutMs: 5_000,
        startConcurrency: concurrency,
        killTimeoutMs: 1_000,
        maxMemoryMb: 100,
        totalShards: ids.length,
        random,
        respawn: {
          enabled: respawns,
          delayMs: 100,
          delayMsMax: 1_000,
          attemptsMax: 3,
          healthyMs: 10_000,
          identifiesPerDayMax: startsPerDay,
        },
      },
    )
  }

  take({ doing, id, afterMs }: Step): void {
    this.#now += afterMs
    if (doing === 'add') this.#add(id)
    else if (doing === 'tick') this.#check(this.#supervisor.tick(this.#now))
    else if (doing === 'stopAll') this.#stop([...this.#here])
    else if (this.#here.has(id)) this.#takeFor(id, doing, afterMs)
  }

  #takeFor(id: number, doing: Step['doing'], afterMs: number): void {
    if (doing === 'ready' || doing === 'exit' || doing === 'lost' || doing === 'unable') {
      if (this.live.has(id)) this.#happen(doing, id)
    } else if (doing === 'create') {
      this.#create(id)
    } else if (doing === 'memory') {
      // A report may come late, of an instance that is gone; half of them are above the limit.
      this.#check(this.#supervisor.memory(id, afterMs % 2 === 0 ? 101 : 99, this.#now))
    } else if (doing === 'remove') {
      this.#leaving.add(id)
      this.#endWaits.add(id)
      this.#check(this.#supervisor.remove([id], 'why', this.#now))
    } else {
      this.#endWaits.add(id)
      this.#check(this.#supervisor.stop(id, 'why', this.#now))
    }
  }

  #create(id: number): void {
    if (this.#leaving.has(id)) {
      expect(() => this.#supervisor.create(id, this.#now)).toThrow('is being removed')
      return
    }
    this.#startWaits.add(id)
    this.#check(this.#supervisor.create(id, this.#now))
  }

  #add(id: number): void {
    const add = () => this.#supervisor.add([{ id, shards: [id] }], this.#now)
    if (this.#here.has(id)) expect(add).toThrow('is here already')
    else {
      add()
      this.#here.add(id)
    }
  }

  #stop(which: readonly number[]): void {
    for (const id of which) this.#endWaits.add(id)
    this.#check(this.#supervisor.stopAll('why', this.#now))
  }

  #down(id: number): void {
    this.#endWaits.delete(id)
    if (!this.#supervisor.forget(id)) return
    expect(this.live).not.toContain(id)
    expect(this.#leaving.delete(id)).toBe(true)
    this.#here.delete(id)
  }

  /** Nothing but time passes, and SIGKILL works. */
  runOut(): void {
    for (let rounds = 0; rounds < 200; rounds += 1) {
      const deadline = this.#supervisor.deadline()
      if (deadline === undefined) break
      this.take({ doing: 'tick', id: 0, afterMs: Math.max(0, deadline - this.#now) })
    }
  }

  expectAllSettled(): void {
    expect([...this.#leaving]).toEqual([])
    expect(this.#supervisor.deadline()).toBeUndefined()
    expect([...this.#startWaits]).toEqual([])
    expect([...this.#endWaits]).toEqual([])
  }

  #happen(doing: 'ready' | 'exit' | 'lost' | 'unable', id: number): void {
    if (doing === 'ready') {
      this.#starting.delete(id)
      this.#check(this.#supervisor.ready(id, this.#now))
    } else if (doing === 'unable') {
      this.#starting.delete(id)
      this.#check(this.#supervisor.startFailed(id, unable, this.#now))
    } else if (doing === 'lost') {
      this.#check(this.#supervisor.channelLost(id, this.#now))
    } else {
      this.live.delete(id)
      this.#starting.delete(id)
      this.#check(this.#supervisor.exited(id, { code: 1, signal: null }, this.#now))
    }
  }

  #check(actions: readonly SupervisorAction[]): void {
    const killed: number[] = []
    for (const action of actions) {
      if (action.type === 'launch') this.#launch(action.instance)
      if (action.type === 'ask-stop' || action.type === 'kill') {
        expect(this.live).toContain(action.instance)
        this.#starting.delete(action.instance)
      }
      if (action.type === 'kill' && action.signal === 'SIGKILL') killed.push(action.instance)
      if (action.type === 'start-settled') {
        expect(this.#startWaits.delete(action.instance)).toBe(true)
      }
      if (action.type === 'emit') this.#note(action.event)
      if (action.type === 'down') this.#down(action.instance)
    }
    const here = [...this.#here]
    const starting = here.filter((id) => this.#supervisor.view(id).phase === 'starting')
    expect(starting.length).toBeLessThanOrEqual(concurrency)
    for (const id of killed) this.#happen('exit', id)
  }

  #note({ type, instance }: InstanceEvent): void {
    if (type === 'memory-limit') this.#recycled.add(instance)
    if (type === 'stopped') this.#recycled.delete(instance)
  }

  /** What nobody waits for keeps to the budget, and has made room before it stopped. */
  #checkBudget(id: number): void {
    this.#launchTimes.push(this.#now)
    this.#launchTimes = this.#launchTimes.filter((at) => at > this.#now - dayMs)
    if (this.#recycled.delete(id) || this.#startWaits.has(id)) return
    expect(this.#launchTimes.length).toBeLessThanOrEqual(startsPerDay)
  }

  #launch(id: number): void {
    this.#checkBudget(id)
    expect(this.live).not.toContain(id)
    this.live.add(id)
    this.#starting.add(id)
  }
}

describe('the supervisor under any order of events', () => {
  it('never has two live incarnations, ends every wait, and keeps to the budget', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.boolean(),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (steps, respawns, random) => {
          const world = new World(respawns, () => random)
          for (const one of steps) world.take(one)
          world.runOut()
          world.take({ doing: 'stopAll', id: 0, afterMs: 0 })
          world.runOut()
          world.expectAllSettled()
          expect([...world.live]).toEqual([])
        },
      ),
      { numRuns: 500 },
    )
  })
})
