/** Sends control messages; says so, once, when the link takes no more of them. */
import { MachinesError } from '../../errors.js'
import type { Link } from '../../link/link.js'
import { type ChildMessage, encodeControl, type ParentMessage } from './control-messages.js'

export class ControlOutbox {
  readonly #peer: string
  readonly #link: () => Pick<Link, 'isOpen' | 'send'> | undefined
  readonly #onWarning: (error: MachinesError) => void
  #isFull = false

  constructor(
    peer: string,
    link: () => Pick<Link, 'isOpen' | 'send'> | undefined,
    onWarning: (error: MachinesError) => void,
  ) {
    this.#peer = peer
    this.#link = link
    this.#onWarning = onWarning
  }

  /** False: the link is closed or full, and nothing was sent. */
  tell(message: ParentMessage | ChildMessage): boolean {
    return this.post(encodeControl(message))
  }

  /** Sends a message that is encoded already. */
  post(bytes: Uint8Array): boolean {
    const link = this.#link()
    if (link?.send(bytes, 'vital')) {
      this.#isFull = false
      return true
    }
    // What a closed link does not take is not missed: its goodbye has said more.
    if (link?.isOpen && !this.#isFull) {
      this.#isFull = true
      this.#onWarning(backlog(this.#peer))
    }
    return false
  }
}

function backlog(peer: string): MachinesError {
  const message = `the link to ${peer} is full: what the managers tell each other is lost`
  return new MachinesError('DM_LINK_BACKLOG', message)
}
