import { limits } from '../limits.js'

/**
 * Whether what another process says is a time in ms that makes sense. Longer than timers take is not
 * meant by anybody; JSON can even say infinity (1e999).
 */
export function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= limits.timeoutMsMax
}
