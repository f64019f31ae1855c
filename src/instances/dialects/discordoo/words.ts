/** What the dialects of discordoo bots say to each other over the network. */
import type { DialectMessage } from '../dialect.js'
import type { Fields } from './packets.js'

export function words(op: string, fields: Fields): DialectMessage {
  return { ...fields, dialect: 'discordoo', op }
}
