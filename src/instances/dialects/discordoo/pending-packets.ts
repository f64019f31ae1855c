/** What the bot was asked and has not answered: found by event id, ended by deadline. Pure. */
import { MachinesError } from '../../../errors.js'
import { limits } from '../../../limits.js'
import type { HasDeadline } from '../../../routing/deadline-wheel.js'
import { DeadlineWheel } from '../../../routing/deadline-wheel.js'
import type { Packet } from './packets.js'
import { eventIdOf } from './packets.js'

interface PendingPacket extends HasDeadline {
  readonly eventId: string
  readonly resolve: (answer: Packet) => void
  readonly reject: (error: MachinesError) => void
}

export class PendingPackets {
  readonly #pending = new Map<string, PendingPacket>()
  readonly #wheel = new DeadlineWheel<PendingPacket>()

  get size(): number {
    return this.#pending.size
  }

  /**
   * Resolves with the packet that repeats the event id, whatever its op. Rejects with DM_TIMEOUT
   * after the deadline (monotonic ms), DM_PENDING_LIMIT beyond limits.pendingRequestsMax.
   */
  wait(eventId: string, deadline: number): Promise<Packet> {
    return new Promise((resolve, reject) => {
      if (this.#pending.size >= limits.pendingRequestsMax) {
        const message = `the bot owes ${this.#pending.size} answers already`
        reject(new MachinesError('DM_PENDING_LIMIT', message))
        return
      }
      const pending = { eventId, deadline, resolve, reject }
      this.#pending.set(eventId, pending)
      this.#wheel.add(pending)
    })
  }

  has(eventId: string): boolean {
    return this.#pending.has(eventId)
  }

  /** False when nobody waits for this packet. */
  answer(packet: Packet): boolean {
    const pending = this.#forget(eventIdOf(packet))
    pending?.resolve(packet)
    return pending !== undefined
  }

  fail(eventId: string | undefined, error: MachinesError): void {
    this.#forget(eventId)?.reject(error)
  }

  failAll(error: MachinesError): void {
    for (const eventId of this.#pending.keys()) this.fail(eventId, error)
  }

  /** Ends what is overdue; returns whether anything still waits. */
  expire(now: number): boolean {
    for (const { eventId } of this.#wheel.expired(now)) {
      const message = 'the bot did not answer before the deadline'
      this.fail(eventId, new MachinesError('DM_TIMEOUT', message))
    }
    return this.#pending.size > 0
  }

  #forget(eventId: string | undefined): PendingPacket | undefined {
    if (eventId === undefined) return undefined
    const pending = this.#pending.get(eventId)
    if (pending === undefined) return undefined
    this.#pending.delete(eventId)
    this.#wheel.remove(pending)
    return pending
  }
}
