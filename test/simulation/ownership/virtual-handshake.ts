/** What the two sides of a virtual link say to each other before it is one, and with which times. */
import type { ErrorCode } from '../../../src/errors.js'
import type { LinkSetup } from '../../../src/link/establish.js'
import type { ResumeRequest } from '../../../src/link/handshake/messages.js'
import type { ParentSelf } from '../../../src/modes/machines/control-messages.js'
import type { System } from '../../../src/system/system.js'
import type { VirtualProcess } from './virtual-process.js'
import type { Socket } from './virtual-socket.js'

/** The times of a link; the same on both sides. */
export interface LinkTimes {
  readonly heartbeatMs: number
  readonly silenceMs: number
  readonly resumeWindowMs: number
}

export interface Greeting {
  readonly self: ParentSelf
  readonly resume: ResumeRequest | undefined
}

export type Answer =
  | { readonly kind: 'reject'; readonly code: ErrorCode; readonly reason: string }
  | {
      readonly kind: 'welcome'
      readonly session: string
      readonly resumed: boolean
      readonly received: number
      readonly about: unknown
    }

/** Who listens on a machine, if anybody does. */
export class Port {
  readonly name: string
  /** Of connections that are not closed. */
  readonly #sockets = new Set<Socket>()
  listener: { readonly process: VirtualProcess; accept(socket: Socket): void } | undefined

  constructor(name: string) {
    this.name = name
  }

  get sockets(): readonly Socket[] {
    for (const socket of this.#sockets) if (socket.isClosed) this.#sockets.delete(socket)
    return [...this.#sockets]
  }

  connected(socket: Socket): void {
    this.#sockets.add(socket)
  }
}

export function linkSetup(system: System, times: LinkTimes): LinkSetup {
  // Trust and TLS are for handshakes with bytes.
  return { system, ...times } as unknown as LinkSetup
}
