/** How one instance ended a request, as data between dialects: failures keep the shape they came in. */
import type { Outcome } from '../../../routing/outcome.js'
import { isRecord } from '../../../routing/records.js'
import { outcomeOnWire } from './errors-on-wire.js'
import type { Packet } from './packets.js'
import { Op } from './packets.js'

export type Answered =
  | { readonly ok: true; readonly value?: unknown }
  /** `error`: as the bot sent it; nothing at all when it threw undefined. */
  | { readonly ok: false; readonly error?: unknown }

/** What the answer of a bot comes to. */
export function answeredBy(packet: Packet, toValue: (packet: Packet) => unknown): Answered {
  if (packet.op === Op.ERROR) return { ok: false, error: packet.d.result }
  return { ok: true, value: toValue(packet) }
}

/** What an outcome comes to: the answer of the instance, or who gave none and why. */
export function answeredIn(outcome: Outcome): Answered {
  if (outcome.status !== 'ok') return { ok: false, error: outcomeOnWire(outcome) }
  const { instance, machine, value } = outcome
  if (isRecord(value) && value.ok === true) return { ok: true, value: value.value }
  if (isRecord(value) && value.ok === false) return { ok: false, error: value.error }
  const message = `instance ${instance} on ${machine} answered something that makes no sense`
  const error = { name: 'MachinesError', message, code: 'DM_BODY_INVALID', instance, machine }
  return { ok: false, error }
}
