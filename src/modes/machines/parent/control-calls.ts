/** Calls to another manager about single instances: each ends with its answer or with the session. */
import { MachinesError } from '../../../errors.js'
import { limits } from '../../../limits.js'

interface PendingCall {
  readonly instance: number
  resolve(): void
  reject(error: MachinesError): void
}

export class ControlCalls {
  readonly #pending: Map<number, PendingCall> = new Map()
  #next = 1

  get size(): number {
    return this.#pending.size
  }

  /** Sends a call under a fresh number. Rejects with `offline` when it cannot be sent. */
  begin(
    instance: number,
    send: (call: number) => boolean,
    offline: () => MachinesError,
  ): Promise<void> {
    if (this.#pending.size >= limits.pendingRequestsMax) {
      const message = `${limits.pendingRequestsMax} calls to this machine wait for an answer already`
      return Promise.reject(new MachinesError('DM_PENDING_LIMIT', message))
    }
    const call = this.#next++
    return new Promise((resolve, reject) => {
      this.#pending.set(call, { instance, resolve, reject })
      if (send(call)) return
      this.#pending.delete(call)
      reject(offline())
    })
  }

  /** An answer came. False: nobody waits for it. */
  done(call: number, error: ((instance: number) => MachinesError) | undefined): boolean {
    const pending = this.#pending.get(call)
    if (!pending) return false
    this.#pending.delete(call)
    if (error) pending.reject(error(pending.instance))
    else pending.resolve()
    return true
  }

  /** Nobody will answer any more. */
  failAll(reason: MachinesError): void {
    const calls = [...this.#pending.values()]
    this.#pending.clear()
    for (const call of calls) call.reject(reason)
  }
}
