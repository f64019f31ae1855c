/** The one RESPONSE that a REQUEST gets, whatever the code that answers it does. */
import { MachinesError } from '../errors.js'
import { encodeBody } from './body-codec.js'
import type { Endpoint } from './endpoint.js'
import type { EnvelopeHeader } from './envelope.js'
import { EnvelopeKind, Status } from './envelope.js'
import { encodeEnvelope } from './envelope-codec.js'
import { encodeError } from './error-body.js'

export interface RespondOptions {
  readonly self: Endpoint
  /** To the router of this machine. */
  readonly send: (envelope: Uint8Array) => boolean
  /** Default: encodeBody. What it throws is the answer. */
  readonly encode?: (result: unknown) => Uint8Array
}

/**
 * Runs the work and sends its result, or what it threw, to whoever asked. Never rejects.
 *
 * `work` rejects with MachinesErrors only: what the bot's code threw is the cause of a DM_REMOTE.
 */
export async function respond(
  header: EnvelopeHeader,
  { self, send, encode = encodeResult }: RespondOptions,
  work: () => Promise<unknown>,
): Promise<void> {
  let status: Status = Status.OK
  let answer: Uint8Array
  try {
    answer = encode(await work())
  } catch (error) {
    const own = asOwn(error)
    // The work may see the deadline before the router does; to the asker that is the same.
    status = own.code === 'DM_TIMEOUT' ? Status.TIMEOUT : Status.ERROR
    answer = encodeError(own)
  }
  const { verb, requestId, source } = header
  const target = { kind: 'endpoint', endpoint: source } as const
  const kind = EnvelopeKind.RESPONSE
  // When the router is gone there is nobody to tell, and the router's other side knows already.
  send(encodeEnvelope({ kind, verb, status, requestId, source: self, budgetMs: 0, target }, answer))
}

function encodeResult(result: unknown): Uint8Array {
  return encodeBody(result, 'result')
}

/** Codecs throw nothing else; should they ever, the asker is told rather than left waiting. */
export function asOwn(error: unknown): MachinesError {
  if (error instanceof MachinesError) return error
  return new MachinesError('DM_INTERNAL', 'an answer could not be made', { cause: error })
}
