/** GUILD_MEMBERS_REQUEST: checked by hand, because a wrong field crashes the instance. Pure. */
import { MachinesError } from '../../../errors.js'
import type { Fields } from './packets.js'

export interface MembersRequest {
  /** Discord shard id. */
  readonly shard: number
  /** The members of the packet, `event_id` apart. */
  readonly fields: Fields
}

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isIds: Check = (value) => isText(value) || (Array.isArray(value) && value.every(isText))

/** discordoo takes these types and no others, null neither. */
const checks: Readonly<Record<string, { readonly check: Check; readonly isRequired: boolean }>> = {
  shard_id: { check: Number.isSafeInteger, isRequired: true },
  guild_id: { check: isText, isRequired: true },
  limit: { check: (value) => typeof value === 'number', isRequired: true },
  query: { check: isText, isRequired: false },
  presences: { check: (value) => typeof value === 'boolean', isRequired: false },
  nonce: { check: isText, isRequired: false },
  user_ids: { check: isIds, isRequired: false },
}

/** Throws DM_BODY_INVALID that names the field. */
export function readMembersRequest(given: Fields): MembersRequest {
  const fields: Record<string, unknown> = {}
  for (const [name, { check, isRequired }] of Object.entries(checks)) {
    const value = given[name]
    if (value === undefined && !isRequired) continue
    if (!check(value)) throw invalid(name, value)
    fields[name] = value
  }
  return { shard: Number(fields.shard_id), fields }
}

function invalid(name: string, value: unknown): MachinesError {
  const what = value === undefined ? 'is missing' : 'is of the wrong type'
  return new MachinesError('DM_BODY_INVALID', `a request for guild members: ${name} ${what}`)
}
