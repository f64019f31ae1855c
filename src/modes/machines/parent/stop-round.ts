/** Asks every machine to stop its instances and waits for each confirmation, within a deadline. */
import { limits } from '../../../limits.js'
import type { Cancel, System } from '../../../system/system.js'
import type { Member } from './member.js'

export class StopRound {
  readonly #system: System

  constructor(system: System) {
    this.#system = system
  }

  /** Resolves to those that run something and have not confirmed its end. */
  async run(members: readonly Member[], reason: string): Promise<readonly Member[]> {
    const rounds = await Promise.all(members.map((member) => this.#stop(member, reason)))
    return members.filter((_, index) => !rounds[index])
  }

  async #stop(member: Member, reason: string): Promise<boolean> {
    if (member.machine.mayRun) return this.#ask(member, reason)
    // Nobody may find it now and give it something to run.
    await member.end('DM_STOPPED', reason)
    return true
  }

  #ask(member: Member, reason: string): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#limit(member, () => resolve(false))
      void member.machine.askToStop(reason).then((isConfirmed) => {
        cancel()
        resolve(isConfirmed)
      })
    })
  }

  /** A machine whose link is broken has to come back soon; then it has the time that stopping takes. */
  #limit(member: Member, giveUp: () => void): Cancel {
    const system = this.#system
    if (member.isUp) return system.setTimer(stopTimeMs(member), giveUp)
    let cancel = system.setTimer(limits.linkOfflineAfterMs, () => {
      if (member.isUp) cancel = system.setTimer(stopTimeMs(member), giveUp)
      else giveUp()
    })
    return () => cancel()
  }
}

/** What the child may take: it asks, sends SIGTERM and then SIGKILL, each after killTimeoutMs. */
function stopTimeMs({ machine }: Member): number {
  return Math.min(2 * machine.killTimeoutMs + limits.stopMarginMs, limits.timeoutMsMax)
}
