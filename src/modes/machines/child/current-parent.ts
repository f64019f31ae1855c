/** The one parent that a child has at a time: whom it lets in, and how it parts from the former one. */
import type { Link, LinkEvents, Peer } from '../../../link/link.js'
import type { System } from '../../../system/system.js'
import type { ChildDoor } from './child-door.js'
import type { AdmissionDecision } from './parent-admission.js'
import { ParentSession, type SessionHandlers } from './parent-session.js'

export interface ParentHooks {
  /** What is done for whichever parent is there. */
  readonly handlers: Omit<SessionHandlers, 'ended' | 'unreachable'>
  /** Nobody behind the parent can be reached now. */
  unreachable(): void
}

export class CurrentParent {
  readonly #system: System
  readonly #door: ChildDoor
  readonly #hooks: ParentHooks
  #session: ParentSession | undefined

  constructor(system: System, door: ChildDoor, hooks: ParentHooks) {
    this.#system = system
    this.#door = door
    this.#hooks = hooks
  }

  /** Undefined before the first parent, and after the last one has closed its link. */
  get session(): ParentSession | undefined {
    return this.#session
  }

  /** One parent at a time; see parent-admission.ts. */
  admit(peer: Peer): AdmissionDecision {
    return this.#door.admit(peer, this.#session?.link)
  }

  /** This parent came in. */
  enter(link: Link, peer: Peer): LinkEvents {
    const former = this.#session
    const session: ParentSession = new ParentSession(link, this.#system, {
      ...this.#hooks.handlers,
      unreachable: () => {
        if (this.#session === session) this.#hooks.unreachable()
      },
      linked: (isNew) => {
        if (this.#session === session) this.#hooks.handlers.linked(isNew)
      },
      unlinked: () => {
        if (this.#session === session) this.#hooks.handlers.unlinked()
      },
      ended: () => {
        if (this.#session === session) this.#session = undefined
      },
    })
    this.#session = session
    this.#door.entered(peer)
    if (former) {
      this.#hooks.unreachable()
      this.#hooks.handlers.unlinked()
      former.replaced(peer)
    }
    return session.events
  }
}
