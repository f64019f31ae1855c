/**
 * The phase of one machine, from two things that change on their own: the state of its link, and
 * what it says about its instances. Trouble with the link hides the rest only while it lasts. Pure.
 */
import type { MachinesError } from '../../../errors.js'
import type { MachinePhase } from '../../mode.js'

/** `refused`: the two do not get together, and time alone will hardly help. */
export type LinkState = 'dialling' | 'up' | 'lost' | 'refused' | 'closed' | 'detached'

export type WorkState = 'starting' | 'ready' | 'failed' | 'stopped'

interface State<Name> {
  readonly name: Name
  readonly error: MachinesError | undefined
}

const phaseOfLink: Readonly<Record<Exclude<LinkState, 'up'>, MachinePhase>> = {
  dialling: 'dialling',
  lost: 'lost',
  refused: 'failed',
  closed: 'stopped',
  detached: 'detached',
}

export class MachinePhases {
  readonly #onChange: (phase: MachinePhase, error: MachinesError | undefined) => void
  #link: State<LinkState> = { name: 'dialling', error: undefined }
  #work: State<WorkState> = { name: 'starting', error: undefined }
  #shown: State<MachinePhase> = { name: 'dialling', error: undefined }

  constructor(onChange: (phase: MachinePhase, error: MachinesError | undefined) => void) {
    this.#onChange = onChange
  }

  get phase(): MachinePhase {
    return this.#shown.name
  }

  get error(): MachinesError | undefined {
    return this.#shown.error
  }

  get work(): WorkState {
    return this.#work.name
  }

  setLink(name: LinkState, error?: MachinesError): void {
    this.#link = { name, error }
    this.#show()
  }

  setWork(name: WorkState, error?: MachinesError): void {
    this.#work = { name, error }
    this.#show()
  }

  #show(): void {
    const next = this.#current()
    if (next.name === this.#shown.name && next.error === this.#shown.error) return
    this.#shown = next
    this.#onChange(next.name, next.error)
  }

  #current(): State<MachinePhase> {
    const { name, error } = this.#link
    return name === 'up' ? this.#work : { name: phaseOfLink[name], error }
  }
}
