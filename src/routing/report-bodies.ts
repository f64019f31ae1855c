/** Bodies that an asker gets from its router, checked. */
import { parseRanges, rangesToList } from '../allocator/shard-lists.js'
import { MachinesError } from '../errors.js'
import { decodeBody } from './body-codec.js'
import { decodeError } from './error-body.js'
import { isRecord } from './records.js'
import type { Undelivered } from './router-types.js'
import type { WireName } from './topology.js'

/** Body of EXPECT; throws DM_BODY_INVALID. */
export function decodeNames(body: Uint8Array): readonly WireName[] {
  const names = decodeBody(body)
  if (!Array.isArray(names)) throw invalid('no list of names')
  return names.map((name: unknown) => {
    const { instance, machine, shards } = record(name)
    if (typeof instance !== 'number' || typeof machine !== 'string' || typeof shards !== 'string') {
      throw invalid('a name without instance, machine or shards')
    }
    return { instance, machine, shards }
  })
}

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
