/** The child's door: remembers its last parent, decides about the next, and reports who was refused. */
import type { MachinesError } from '../../../errors.js'
import { fingerprint } from '../../../link/identity.js'
import type { Link, Peer } from '../../../link/link.js'
import type { System } from '../../../system/system.js'
import type { ModeEvent } from '../../mode.js'
import type { EpochMarks } from './epoch-marks.js'
import {
  type AdmissionDecision,
  decideAdmission,
  type LastParent,
  type TakeoverPolicy,
} from './parent-admission.js'
import { RefusalReports } from './refusal-reports.js'

export interface DoorHooks {
  /** What is remembered of parents over restarts. Default: nothing. */
  readonly epochs?: Pick<EpochMarks, 'of' | 'enter'>
  /** How long the lease still runs that the last parent has granted, ms. Default: there is none. */
  leaseLeftMs?(): number
}

export class ChildDoor {
  readonly #takeover: TakeoverPolicy
  readonly #system: System
  readonly #onEvent: (event: ModeEvent) => void
  readonly #hooks: DoorHooks
  readonly #reports = new RefusalReports()
  #last: Peer | undefined

  constructor(
    takeover: TakeoverPolicy,
    system: System,
    onEvent: (event: ModeEvent) => void,
    hooks: DoorHooks = {},
  ) {
    this.#takeover = takeover
    this.#system = system
    this.#onEvent = onEvent
    this.#hooks = hooks
  }

  /** Whether this parent may come in; `current`: the link to the last one, while there is one. */
  admit(peer: Peer, current: Link | undefined): AdmissionDecision {
    const newcomer = { ...peer, seenEpoch: this.#hooks.epochs?.of(peer.key) }
    return decideAdmission(newcomer, this.#lastParent(current), this.#takeover)
  }

  /** This parent came in. */
  entered(peer: Peer): void {
    this.#last = peer
    this.#hooks.epochs?.enter(peer.key, peer.epoch)
  }

  /** Somebody did not come in. Each is counted elsewhere; not each is worth a line. */
  refused(error: MachinesError): void {
    const report = this.#reports.report(error, this.#system.now())
    if (report === undefined) return
    this.#onEvent({ type: 'refused', error: report })
    // Nobody may be listening for refusals, and this one must not go unheard.
    if (error.code === 'DM_IDENTITY_CHANGED') this.#onEvent({ type: 'warning', error: report })
  }

  #lastParent(current: Link | undefined): LastParent | undefined {
    if (this.#last === undefined) return undefined
    const { key, epoch, remote } = this.#last
    const name = `${remote}, ${fingerprint(Buffer.from(key, 'base64'))}`
    const state = current === undefined ? 'gone' : current.isUp ? 'up' : 'away'
    const leaseLeftMs = this.#hooks.leaseLeftMs?.() ?? 0
    return { key, epoch, name, state, leaseLeftMs }
  }
}
