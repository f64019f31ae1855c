/** The identity of an instance as it stands in its environment. */
import { MachinesError } from '../../errors.js'
import type { InstanceIdentity } from './instance-channel.js'

/**
 * Variable that tells the preload where its channel is: `fd` or `port`.
 *
 * The preload removes it from the environment of the instance, because processes and workers that
 * the bot starts by itself inherit both variables and the preload, but have no channel.
 */
export const channelVariable = 'DISCORDOO_MACHINES_CHANNEL'

export type ChannelKind = 'fd' | 'port'

const modes: readonly unknown[] = ['processes', 'workers', 'clusters']

function isIdentity(value: unknown): value is InstanceIdentity {
  if (typeof value !== 'object' || value === null) return false
  const fields = new Map<string, unknown>(Object.entries(value))
  const isOfType = (type: string) => (name: string) => typeof fields.get(name) === type
  return (
    fields.get('version') === 1 &&
    ['instance', 'totalShards', 'callTimeoutMs'].every(isOfType('number')) &&
    ['shards', 'machine'].every(isOfType('string')) &&
    modes.includes(fields.get('mode'))
  )
}

/**
 * Reads what the manager wrote into DISCORDOO_MACHINES_INSTANCE.
 *
 * Throws DM_CHANNEL_PROTOCOL when it is something else.
 */
export function parseIdentity(text: string): InstanceIdentity {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new MachinesError('DM_CHANNEL_PROTOCOL', 'the identity of the instance is not JSON', {
      cause,
    })
  }
  if (isIdentity(value)) return value
  throw new MachinesError('DM_CHANNEL_PROTOCOL', 'the identity of the instance is not complete')
}
