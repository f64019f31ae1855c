/** Errors as discordoo sends them: what `serializeError` makes of an Error, or any thrown value. */
import { inspect } from 'node:util'
import { MachinesError, toError } from '../../../errors.js'
import type { Outcome } from '../../../routing/outcome.js'
import { isRecord } from '../../../routing/records.js'
import type { Fields, Packet } from './packets.js'
import { Op } from './packets.js'

/** Causes of causes that are made errors again; what lies deeper stays data. */
const causesMax = 5

const messageCharsMax = 10_000

const shownOptions = { depth: 2, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 1_000 }

/** The answer that makes a request of a bot fail; `t` is that of the request. */
export function errorPacket(eventId: string, t: string | undefined, error: unknown): Packet {
  // A bot that threw undefined sends no `result`, and JSON leaves it out here as well.
  return { op: Op.ERROR, t, d: { event_id: eventId, result: error } }
}

/** An error of this side for a bot: its name, message, code, and whom it concerns. */
export function errorOnWire(thrown: unknown): Fields {
  const error = toError(thrown)
  const { name } = error
  // The answer that says that an answer was too large must not be so itself.
  const message = error.message.slice(0, messageCharsMax)
  if (!(error instanceof MachinesError)) return { name, message }
  const { code, instance, machine } = error
  return { name, message, code, instance, machine }
}

/** The outcome of an instance that gave no answer of its own: says which, where, and why. */
export function outcomeOnWire(outcome: Exclude<Outcome, { status: 'ok' }>): Fields {
  const { instance, machine, status, error } = outcome
  const what = {
    error: 'failed',
    timeout: 'did not answer in time',
    offline: 'cannot be reached',
  }[status]
  const message = `instance ${instance} on ${machine} ${what}: ${error.message}`
  return { name: error.name, message, code: error.code, instance, machine }
}

/**
 * What a bot sent as an Error with its name, message, stack and own properties. As in discordoo,
 * its class is plain Error, and what is no object becomes a `NonError` that shows it.
 */
export function errorFromWire(sent: unknown, depth = 0): Error {
  const hidden = { configurable: true, writable: true, enumerable: false }
  if (!isRecord(sent)) {
    const message = typeof sent === 'string' ? sent : inspect(sent, shownOptions).slice(0, 1_000)
    const error = new Error(message, { cause: sent })
    return Object.defineProperty(error, 'name', { ...hidden, value: 'NonError' })
  }
  const error = new Error(typeof sent.message === 'string' ? sent.message : '')
  for (const [key, value] of Object.entries(sent)) {
    if (key === 'message') continue
    const isText = key === 'name' || key === 'stack'
    if (isText && typeof value !== 'string') continue
    const isNested = key === 'cause' && isRecord(value) && depth < causesMax
    const member = isNested ? errorFromWire(value, depth + 1) : value
    const enumerable = !isText && key !== 'cause'
    Object.defineProperty(error, key, { ...hidden, enumerable, value: member })
  }
  return error
}
