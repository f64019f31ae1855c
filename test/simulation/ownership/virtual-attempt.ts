/** One attempt of a virtual dialler to get a link; what is modelled stands in virtual-links.ts. */
import { type ErrorCode, MachinesError } from '../../../src/errors.js'
import { limits } from '../../../src/limits.js'
import type { Cancel } from '../../../src/system/system.js'
import type { Answer, Greeting, LinkTimes, Port } from './virtual-handshake.js'
import type { VirtualProcess } from './virtual-process.js'
import { type Socket, socketPair } from './virtual-socket.js'
import type { Wire } from './virtual-wire.js'

export interface DialTo {
  readonly process: VirtualProcess
  readonly wire: Wire
  readonly port: Port
  /** The other machine; one that is not up says nothing. */
  readonly host: { readonly isUp: boolean }
  readonly times: LinkTimes
}

export interface AttemptHooks {
  greeting(): Greeting
  /** Throws a MachinesError when the connection cannot be used. */
  welcomed(socket: Socket, welcome: Extract<Answer, { kind: 'welcome' }>): void
  /** Not after `welcomed`. */
  failed(reason: MachinesError): void
}

export class VirtualAttempt {
  readonly #to: DialTo
  readonly #hooks: AttemptHooks
  #socket: Socket | undefined
  #isOver = false
  #cancelDeadline: Cancel

  constructor(to: DialTo, hooks: AttemptHooks) {
    this.#to = to
    this.#hooks = hooks
    this.#cancelDeadline = this.#limit(limits.dialAttemptTimeoutMs, 'DM_DIAL_TIMEOUT')
    const { wire, process } = to
    if (!wire.down.isBlocked) process.host.world.after(wire.down.delay(), () => this.#knock())
  }

  fail(reason: MachinesError): void {
    if (this.#isOver) return
    this.#finish()
    this.#socket?.destroy()
    this.#hooks.failed(reason)
  }

  /** The kernels settle this much between themselves. */
  #knock(): void {
    const { process, wire, port, host } = this.#to
    if (!host.isUp) return
    const { listener } = port
    if (listener === undefined || !listener.process.isAlive) {
      this.#answer(() => this.fail(new MachinesError('DM_DIAL_FAILED', 'connection refused')))
      return
    }
    const [near, far] = socketPair(process.host.world, wire, process, listener.process)
    port.connected(near)
    listener.process.post(() => listener.accept(far))
    this.#answer(() => {
      if (this.#isOver) near.destroy()
      else this.#greet(near)
    })
  }

  #answer(carryOn: () => void): void {
    const { process, wire } = this.#to
    if (wire.up.isBlocked) return
    process.host.world.after(wire.up.delay(), () => process.post(carryOn))
  }

  #greet(socket: Socket): void {
    this.#socket = socket
    this.#cancelDeadline()
    this.#cancelDeadline = this.#limit(limits.handshakeTimeoutMs, 'DM_HANDSHAKE_TIMEOUT')
    socket.ended = () => this.fail(new MachinesError('DM_LINK_LOST', 'closed in the handshake'))
    socket.data = (message) => this.#answered(socket, message as Answer)
    // Behind two messages that only introduce the two.
    socket.send(this.#hooks.greeting(), 3)
  }

  #answered(socket: Socket, answer: Answer): void {
    if (this.#isOver) return
    if (answer.kind === 'reject') {
      this.fail(new MachinesError(answer.code, answer.reason))
      return
    }
    try {
      this.#hooks.welcomed(socket, answer)
      this.#finish()
    } catch (error) {
      if (!(error instanceof MachinesError)) throw error
      this.fail(error)
    }
  }

  #finish(): void {
    this.#isOver = true
    this.#cancelDeadline()
  }

  #limit(ms: number, code: ErrorCode): Cancel {
    return this.#to.process.setTimer(ms, () => this.fail(new MachinesError(code, 'no answer')))
  }
}
