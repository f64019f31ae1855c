/** A parent and two machines, TLS on, whose links lead through relays that can be cut. */
import { setTimeout as delay } from 'node:timers/promises'
import { BreakableLink } from '../../scripts/breakable-link.js'
import { ProcessGroup } from '../lib/group.js'
import { isSettled } from './reconcile.js'

const machines = 2
const perMachine = 2
/** Requests under way at a time, over all bots. */
const requestsAtATime = 64
/** How often bots are asked whether all has ended, and for how long: the longest deadline, and more. */
const lookEveryMs = 200
const settleMsMax = 60_000

export class EnduranceWorld {
  /** The children, then the parent. @type {ProcessGroup} */
  #managers
  #relays
  cuts = 0

  /** @param {ProcessGroup} managers @param {readonly BreakableLink[]} relays */
  constructor(managers, relays) {
    this.#managers = managers
    this.#relays = relays
  }

  static start() {
    /** @type {BreakableLink[]} */
    const relays = []
    return ProcessGroup.start(async (group) => {
      try {
        await startStar(group, relays)
        return new EnduranceWorld(group, relays)
      } catch (error) {
        for (const relay of relays) relay.close()
        throw error
      }
    })
  }

  async stop() {
    await this.#managers.stop()
    for (const relay of this.#relays) relay.close()
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
    const ofManagers = await Promise.all(this.#managers.processes.map((one) => one.ask(op)))
    const parent = ofManagers.pop()
    const ofBots = await this.#askBots(op)
    return {
      parent,
      ...Object.fromEntries(ofManagers.map((value, index) => [`child ${index}`, value])),
      ...Object.fromEntries(ofBots.map((value, index) => [`bot ${index}`, value])),
    }
  }

  /** One answer of each bot, by its id. */
  async #askBots(op, data) {
    const children = this.#managers.processes.slice(0, machines)
    return (await Promise.all(children.map((one) => one.ask('bots', { op, data })))).flat()
  }
}

/** The children, a relay in front of each, and the parent behind them. */
async function startStar(group, relays) {
  for (let index = 0; index < machines; index += 1) {
    const settings = { stateDir: group.stateDir(`child-${index}`) }
    const child = await group.add(new URL('child.js', import.meta.url), settings)
    relays.push(await BreakableLink.to(await child.ask('port')))
  }
  const ports = relays.map(({ port }) => port)
  const settings = { stateDir: group.stateDir('parent'), ports, perMachine }
  await group.add(new URL('../lib/star-parent.js', import.meta.url), settings)
}
