/** The body of a call, whatever it asks for: an object. */
import { MachinesError } from '../errors.js'
import { decodeBody } from './body-codec.js'
import { isRecord } from './records.js'

/** Throws DM_BODY_INVALID, also for what is no object. */
export function decodeCallBody(body: Uint8Array): Record<string, unknown> {
  const value = decodeBody(body)
  if (isRecord(value)) return value
  throw new MachinesError('DM_BODY_INVALID', 'the body of a call is no object')
}
