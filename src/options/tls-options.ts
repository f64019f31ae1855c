/** Options of encryption, the same for both sides of a link. */
import { arrayOf, bool, type Check, literalOr, mapped } from './checks.js'
import { object, optional, withDefault } from './object-check.js'
import { file } from './path-check.js'
import type { Place } from './place.js'
import type { ResolvedTls } from './resolved-options.js'

interface GivenTls {
  readonly public: string | undefined
  readonly private: string | undefined
  readonly dhparam: string | undefined
  readonly requestCert: boolean | undefined
  readonly rejectUnauthorized: boolean | undefined
  readonly trustedConnections: readonly string[]
}

/** Where `tls` was not given: encryption with a certificate made at start, nothing pinned. */
export const defaultTls: ResolvedTls = {
  public: undefined,
  private: undefined,
  dhparam: undefined,
  requestCert: undefined,
  rejectUnauthorized: false,
  trustedConnections: [],
}

const tlsShape = object<GivenTls>(
  {
    public: optional(file),
    private: optional(file),
    dhparam: optional(file),
    requestCert: optional(bool),
    rejectUnauthorized: optional(bool),
    trustedConnections: withDefault(arrayOf(file, 'paths of certificates'), []),
  },
  {
    aliases: {
      cert: 'public',
      certificate: 'public',
      key: 'private',
      ca: 'trustedConnections',
      secret: 'it belongs in machines, beside tls',
      passphrase: 'the private key must be stored without a passphrase',
    },
  },
)

/** `false`, or the files and rules; what depends on `trustedConnections` is filled in. */
export const tls: Check<ResolvedTls | false> = literalOr([false], mapped(tlsShape, finishTls))

function finishTls(given: GivenTls, at: Place): ResolvedTls | undefined {
  if (given.public !== undefined && given.private === undefined) missingHalf(at, 'private')
  if (given.private !== undefined && given.public === undefined) missingHalf(at, 'public')
  const trusts = given.trustedConnections.length > 0
  const rejectUnauthorized = given.rejectUnauthorized ?? trusts
  if (rejectUnauthorized && !trusts) {
    at.child('rejectUnauthorized').fault(
      'DM_OPTION_CONFLICT',
      'true without trustedConnections would refuse everybody; name the trusted certificates there',
      { given: 'true', allowed: 'false, or true with trustedConnections' },
    )
  }
  return { ...given, rejectUnauthorized }
}

function missingHalf(at: Place, name: string): void {
  at.child(name).fault(
    'DM_OPTION_MISSING',
    'required, but not given; a certificate (public) and its key (private) go together',
    { given: 'undefined', allowed: 'the path of a file' },
  )
}
