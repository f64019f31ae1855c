/** Errors as bodies of RESPONSE, FAULT and UNDELIVERED: `{ code, message, cause? }`. */
import { inspect } from 'node:util'
import type { ErrorDetails } from '../errors.js'
import { isErrorCode, MachinesError } from '../errors.js'
import { decodeBody, encodeBody } from './body-codec.js'

const describeOptions = { depth: 2, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 1_000 }

/**
 * An error as a body. Never throws: of a cause that cannot be sent, a description arrives (of an
 * Error its name, message and stack; of anything else what `util.inspect` shows).
 */
export function encodeError(error: MachinesError): Uint8Array {
  const { code, message } = error
  if (!('cause' in error)) return encodeBody({ code, message }, 'error')
  try {
    return encodeBody({ code, message, cause: error.cause }, 'error')
  } catch {
    return encodeBody({ code, message, cause: describe(error.cause) }, 'error')
  }
}

/** The error of a body, with `details` added; a body that makes no sense gives DM_BODY_INVALID. */
export function decodeError(body: Uint8Array, details: ErrorDetails = {}): MachinesError {
  try {
    const facts = decodeBody(body)
    if (typeof facts === 'object' && facts !== null && 'code' in facts && 'message' in facts) {
      const { code, message } = facts
      if (isErrorCode(code) && typeof message === 'string') {
        const cause = 'cause' in facts ? { cause: facts.cause } : {}
        return new MachinesError(code, message, { ...details, ...cause })
      }
    }
    return new MachinesError('DM_BODY_INVALID', 'an error came back that is none', details)
  } catch (cause) {
    return new MachinesError('DM_BODY_INVALID', 'an error came back unreadable', {
      ...details,
      cause,
    })
  }
}

/** What the code of a bot threw, as the error of its outcome; `what` ran, as "the eval". */
export function remoteError(what: string, thrown: unknown): MachinesError {
  return new MachinesError('DM_REMOTE', `${what} threw ${headline(thrown)}`, { cause: thrown })
}

function headline(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`.slice(0, 1_000)
    return inspect(thrown, { ...describeOptions, depth: 0 }).slice(0, 1_000)
  } catch {
    return 'something that cannot be shown'
  }
}

function describe(thrown: unknown): unknown {
  try {
    if (!(thrown instanceof Error)) return inspect(thrown, describeOptions).slice(0, 10_000)
    const { name, message, stack } = thrown
    return Object.assign(new Error(cut(message)), { name: cut(name), stack: cut(stack) })
  } catch {
    return 'something that cannot be shown'
  }
}

function cut(text: unknown): string {
  return String(text).slice(0, 10_000)
}
