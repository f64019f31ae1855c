/** Asks every machine to stop its instances and waits for each confirmation, within a deadline. */
import { limits } from '../../../limits.js'
import type { System } from '../../../system/system.js'
import type { Member } from './member.js'

export class StopRound {
  readonly #system: System

  constructor(system: System) {
    this.#system = system
  }

  /** Resolves to the names of machines that run something and have not confirmed its end. */
  async run(members: readonly Member[], reason: string): Promise<readonly string[]> {
    const rounds = await Promise.all(members.map((member) => this.#stop(member, reason)))
    return rounds.filter((name) => name !== undefined)
  }

  async #stop(member: Member, reason: string): Promise<string | undefined> {
    const { machine } = member
    const mayRun = machine.phase !== 'dialling' && machine.phase !== 'stopped'
    if (!mayRun) return undefined
    const confirmed = member.isUp && (await this.#ask(member, reason))
    return confirmed ? undefined : machine.name
  }

  #ask({ machine }: Member, reason: string): Promise<boolean> {
    return new Promise((resolve) => {
      // What the child may take: it asks, sends SIGTERM and then SIGKILL, each after killTimeoutMs.
      const waitMs = 2 * machine.killTimeoutMs + limits.stopMarginMs
      const cancel = this.#system.setTimer(waitMs, () => resolve(false))
      void machine.askToStop(reason).then((confirmed) => {
        cancel()
        resolve(confirmed)
      })
    })
  }
}
