/**
 * Which machine may be running what. Pure.
 *
 * A machine may run an instance from the moment an assignment with it is sent, whether or not it
 * arrives, until the machine has confirmed that it does not, or cannot any more. An instance is given
 * to a machine only while no other one may be running it; everything else in this folder serves that
 * one rule.
 */
export class Holdings {
  readonly #ofMachine = new Map<string, Set<number>>()
  readonly #holders = new Map<number, Set<string>>()
  /** Machines of which nothing is known: they may run anything. */
  readonly #unknown = new Set<string>()

  of(machine: string): ReadonlySet<number> {
    return this.#ofMachine.get(machine) ?? nothing
  }

  /** Those that may be running anything. */
  get machines(): readonly string[] {
    return [...new Set([...this.#ofMachine.keys(), ...this.#unknown])].filter((machine) =>
      this.holdsSomething(machine),
    )
  }

  holdersOf(instance: number): readonly string[] {
    return [...(this.#holders.get(instance) ?? [])]
  }

  isUnknown(machine: string): boolean {
    return this.#unknown.has(machine)
  }

  /** Whether the machine may be running anything at all. */
  holdsSomething(machine: string): boolean {
    return this.#unknown.has(machine) || this.of(machine).size > 0
  }

  /** Whether no other machine may be running the instance. */
  isFreeFor(instance: number, machine: string): boolean {
    const isUnknownElsewhere = this.#unknown.size > (this.#unknown.has(machine) ? 1 : 0)
    if (isUnknownElsewhere) return false
    const holders = this.#holders.get(instance)
    if (holders === undefined || holders.size === 0) return true
    return holders.size === 1 && holders.has(machine)
  }

  /** Nothing is known of what the machine runs. */
  forget(machine: string): void {
    this.#unknown.add(machine)
  }

  add(machine: string, instances: Iterable<number>): void {
    const held = this.#ofMachine.get(machine) ?? new Set()
    this.#ofMachine.set(machine, held)
    for (const id of instances) {
      held.add(id)
      const holders = this.#holders.get(id) ?? new Set()
      this.#holders.set(id, holders.add(machine))
    }
  }

  /** The machine may run these and nothing else. Returns those that it may not run any more. */
  set(machine: string, instances: Iterable<number>): readonly number[] {
    this.#unknown.delete(machine)
    const kept = new Set(instances)
    const dropped = [...this.of(machine)].filter((id) => !kept.has(id))
    for (const id of dropped) this.#drop(machine, id)
    this.add(machine, kept)
    return dropped
  }

  #drop(machine: string, id: number): void {
    this.#ofMachine.get(machine)?.delete(id)
    const holders = this.#holders.get(id)
    holders?.delete(machine)
    if (holders?.size === 0) this.#holders.delete(id)
  }
}

const nothing: ReadonlySet<number> = new Set()
