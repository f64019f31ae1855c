/** Who sent a message or asks, as routers have established it: nobody can claim to be another. */
import { isInstance } from './endpoint.js'
import type { EnvelopeHeader } from './envelope.js'

/** Who sent a message or asks. */
export interface Caller {
  /** Instance id; undefined when a manager sent it. */
  readonly instance: number | undefined
  /** Machine name; undefined for the parent manager, which is no machine. */
  readonly machine: string | undefined
}

export function callerOf({ source, target }: EnvelopeHeader): Caller {
  const machine = target.kind === 'delivered' && target.machine !== '' ? target.machine : undefined
  return { instance: isInstance(source) ? source : undefined, machine }
}
