/** A parent and two machines, TLS on, whose links lead through relays that can be cut. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { BreakableLink } from '../../scripts/breakable-link.js'
import { startProcess } from '../lib/processes.js'
import { isSettled } from './reconcile.js'

const machines = 2
const perMachine = 2
/** Requests under way at a time, over all bots. */
const requestsAtATime = 64
/** How often bots are asked whether all has ended, and for how long: the longest deadline, and more. */
const lookEveryMs = 200
const settleMsMax = 60_000

export class EnduranceWorld {
  #folder = ''
  /** @type {BreakableLink[]} */
  #relays = []
  /** The children, then the parent. @type {import('../lib/processes.js').BenchProcess[]} */
  #managers = []
  cuts = 0

  static async start() {
    const world = new EnduranceWorld()
    try {
      await world.#start()
    } catch (error) {
      await world.stop()
      throw error
    }
    return world
  }

  async stop() {
    for (const one of this.#managers.toReversed()) await one.stop()
    for (const relay of this.#relays) relay.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Lets the traffic begin, and all that is measured. */
  async begin() {
    await this.ask('begin')
    await this.#askBots('start', requestsAtATime / (machines * perMachine))
  }

  /** Ends the traffic; resolves with the reports of the bots when all requests and messages have ended. */
  async end() {
    await this.#askBots('halt')
    const since = performance.now()
    for (;;) {
      const reports = await this.#askBots('report')
      if (isSettled(reports) || performance.now() - since > settleMsMax) return reports
      await delay(lookEveryMs)
    }
  }

  /** Breaks the link of one machine, of the next one each time. */
  cut() {
    this.#relays[this.cuts % machines].cut()
    this.cuts += 1
  }

  /**
   * Asks every process.
   *
   * @param {'begin' | 'sample' | 'kept' | 'loop'} op
   * @returns {Promise<Record<string, any>>} by the name of the process
   */
  async ask(op) {
    const ofManagers = await Promise.all(this.#managers.map((one) => one.ask(op)))
    const parent = ofManagers.pop()
    const ofBots = await this.#askBots(op)
    return {
      parent,
      ...Object.fromEntries(ofManagers.map((value, index) => [`child ${index}`, value])),
      ...Object.fromEntries(ofBots.map((value, index) => [`bot ${index}`, value])),
    }
  }

  async #start() {
    this.#folder = await mkdtemp(join(tmpdir(), 'discordoo-machines-bench-'))
    for (let index = 0; index < machines; index += 1) {
      const child = await this.#add('child.js', { stateDir: join(this.#folder, `child-${index}`) })
      this.#relays.push(await BreakableLink.to(await child.ask('port')))
    }
    const ports = this.#relays.map(({ port }) => port)
    await this.#add('../lib/star-parent.js', {
      stateDir: join(this.#folder, 'parent'),
      ports,
      perMachine,
    })
  }

  async #add(file, settings) {
    const args = [JSON.stringify(settings)]
    const started = await startProcess(new URL(file, import.meta.url), { args })
    this.#managers.push(started)
    return started
  }

  /** One answer of each bot, by its id. */
  async #askBots(op, data) {
    const children = this.#managers.slice(0, machines)
    return (await Promise.all(children.map((one) => one.ask('bots', { op, data })))).flat()
  }
}
