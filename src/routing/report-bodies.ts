/** The body of a report of not being delivered, checked. */
import { parseRanges, rangesToList } from '../allocator/shard-lists.js'
import { MachinesError } from '../errors.js'
import { decodeBody } from './body-codec.js'
import { decodeError } from './error-body.js'
import { isRecord } from './records.js'
import type { Undelivered } from './router-types.js'

/** Body of UNDELIVERED. Never throws: a report that cannot be read is still a report. */
export function decodeUndelivered(messageId: number, body: Uint8Array): Undelivered {
  const reason = decodeError(body)
  try {
    const { instances } = record(decodeBody(body))
    if (typeof instances !== 'string') throw invalid('a report without instances')
    return { messageId, instances: rangesToList(parseRanges(instances)), reason }
  } catch {
    return { messageId, instances: [], reason }
  }
}

function record(value: unknown): Record<string, unknown> {
  if (isRecord(value)) return value
  throw invalid('no object where one belongs')
}

function invalid(why: string): MachinesError {
  return new MachinesError('DM_BODY_INVALID', `a report of the router cannot be read: ${why}`)
}
