/** Says in words what the operating system reports about sockets as a code. */
import { toError } from '../errors.js'

const explanations: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the other side broke the connection',
  ETIMEDOUT: 'no answer came; a firewall may drop the packets',
  EHOSTUNREACH: 'no route leads to this host',
  ENETUNREACH: 'no route leads to this network',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the name server cannot be reached',
  EADDRINUSE: 'another program uses this port',
  EADDRNOTAVAIL: 'no network interface of this machine has this address',
  EACCES: 'the operating system does not permit it',
  EMFILE: 'this process has too many files open',
}

/** One clause for an error message, as `nothing listens there (ECONNREFUSED)`. */
export function networkReason(thrown: unknown): string {
  const error = toError(thrown)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (code === undefined) return error.message
  const explanation = explanations[code]
  return explanation === undefined ? `${error.message} (${code})` : `${explanation} (${code})`
}
