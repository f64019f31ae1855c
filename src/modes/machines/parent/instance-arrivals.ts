/** Who waits for an instance to be ready on the machine it is moved to. Pure. */
import { MachinesError } from '../../../errors.js'
import type { InstanceEvent } from '../../local/fleet-types.js'
import { reportedError } from '../reported-error.js'

interface Arrival {
  readonly machine: string
  resolve(): void
  reject(error: MachinesError): void
}

export class InstanceArrivals {
  readonly #waiting = new Map<number, Arrival>()

  /** Rejects with why it does not get ready there; a second wait for one instance ends the first. */
  wait(instance: number, machine: string): Promise<void> {
    this.#take(instance)?.reject(offline(machine, instance, 'it was moved elsewhere meanwhile'))
    return new Promise((resolve, reject) => {
      this.#waiting.set(instance, { machine, resolve, reject })
    })
  }

  happened(machine: string, event: InstanceEvent): void {
    const { instance } = event
    if (this.#waiting.get(instance)?.machine !== machine) return
    if (event.type === 'ready') this.#take(instance)?.resolve()
    else if (event.type === 'start-failed') {
      const { code, message } = event
      this.#take(instance)?.reject(reportedError({ code, message }, { machine, instance }))
    } else if (event.type === 'crash-loop') {
      const message = `instance ${instance} exited ${event.exits} times on ${machine}`
      const error = new MachinesError('DM_INSTANCE_CRASH_LOOP', message, { machine, instance })
      this.#take(instance)?.reject(error)
    }
  }

  /** What was on its way to the machine does not get there. */
  machineLost(machine: string): void {
    for (const [instance, arrival] of this.#waiting) {
      if (arrival.machine !== machine) continue
      this.#take(instance)?.reject(offline(machine, instance, 'the machine is out of reach'))
    }
  }

  /** It goes elsewhere now. */
  moved(instance: number, to: string): void {
    const arrival = this.#waiting.get(instance)
    if (arrival === undefined || arrival.machine === to) return
    this.#take(instance)?.reject(offline(arrival.machine, instance, 'it was moved elsewhere'))
  }

  endAll(reason: MachinesError): void {
    for (const instance of this.#waiting.keys()) this.#take(instance)?.reject(reason)
  }

  #take(instance: number): Arrival | undefined {
    const arrival = this.#waiting.get(instance)
    this.#waiting.delete(instance)
    return arrival
  }
}

function offline(machine: string, instance: number, why: string): MachinesError {
  const message = `instance ${instance} did not get ready on ${machine}: ${why}`
  return new MachinesError('DM_OFFLINE', message, { machine, instance })
}
