/** The child's door: remembers its last parent, decides about the next, and reports who was refused. */
import type { MachinesError } from '../../../errors.js'
import { fingerprint } from '../../../link/identity.js'
import type { Link, Peer } from '../../../link/link.js'
import type { System } from '../../../system/system.js'
import type { ModeEvent } from '../../mode.js'
import { type AdmissionDecision, decideAdmission, type TakeoverPolicy } from './parent-admission.js'
import { RefusalReports } from './refusal-reports.js'

export class ChildDoor {
  readonly #takeover: TakeoverPolicy
  readonly #system: System
  readonly #onEvent: (event: ModeEvent) => void
  readonly #reports = new RefusalReports()
  #last: Peer | undefined

  constructor(takeover: TakeoverPolicy, system: System, onEvent: (event: ModeEvent) => void) {
    this.#takeover = takeover
    this.#system = system
    this.#onEvent = onEvent
  }

  /** Whether this parent may come in; `current`: the link to the last one, while there is one. */
  admit(peer: Peer, current: Link | undefined): AdmissionDecision {
    const last = this.#last
    if (last === undefined) return decideAdmission(peer, undefined, this.#takeover)
    const { key, epoch, remote } = last
    const name = `${remote}, ${fingerprint(Buffer.from(key, 'base64'))}`
    const state = current === undefined ? 'gone' : current.isUp ? 'up' : 'away'
    return decideAdmission(peer, { key, epoch, name, state }, this.#takeover)
  }

  /** This parent came in. */
  entered(peer: Peer): void {
    this.#last = peer
  }

  /** Somebody did not come in. Each is counted elsewhere; not each is worth a line. */
  refused(error: MachinesError): void {
    const report = this.#reports.report(error, this.#system.now())
    if (report === undefined) return
    this.#onEvent({ type: 'refused', error: report })
    // Nobody may be listening for refusals, and this one must not go unheard.
    if (error.code === 'DM_IDENTITY_CHANGED') this.#onEvent({ type: 'warning', error: report })
  }
}
