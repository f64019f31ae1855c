/** Options of both sides of a link: who is trusted, and how the link is watched. */
import { resolve } from 'node:path'
import { limits } from '../limits.js'
import { arrayOf, type Check, duration } from './checks.js'
import { describeHidden } from './describe.js'
import {
  defaultTuning,
  type GivenTuning,
  heartbeat,
  resolveTuning,
  tuning,
} from './link-options.js'
import type { LinkTuning } from './link-presets.js'
import { type Fields, optional, withDefault } from './object-check.js'
import { path } from './path-check.js'
import type { Place } from './place.js'
import type { ResolvedTls, ResolvedTrust } from './resolved-options.js'
import { tls } from './tls-options.js'

const secretVariable = 'DISCORDOO_MACHINES_SECRET'

const secret: Check<string> = {
  allowed: `a string of at least ${limits.secretBytesMin} bytes`,
  read(given, at) {
    if (typeof given !== 'string') {
      return at.expectedHidden('DM_OPTION_TYPE', this.allowed, given)
    }
    return isLongEnough(given) ? given : at.expectedHidden('DM_OPTION_VALUE', this.allowed, given)
  },
}

function isLongEnough(given: string): boolean {
  return Buffer.byteLength(given) >= limits.secretBytesMin
}

const publicKey: Check<string> = {
  allowed: 'an Ed25519 public key: 32 bytes in base64',
  read(given, at) {
    if (typeof given !== 'string') {
      return at.expectedHidden('DM_OPTION_TYPE', this.allowed, given)
    }
    const bytes = Buffer.from(given, 'base64')
    const canonical = bytes.toString('base64')
    const fits = bytes.length === 32 && (given === canonical || `${given}=` === canonical)
    // Not shown: a private key may have been put here by mistake.
    return fits ? canonical : at.expectedHidden('DM_OPTION_VALUE', this.allowed, given)
  },
}

export interface GivenLink {
  readonly tls: ResolvedTls | false | undefined
  readonly secret: string | undefined
  readonly trustedKeys: readonly string[]
  readonly stateDir: string | undefined
  readonly link: GivenTuning
  readonly heartbeatMs: number | undefined
  readonly pingWarningMs: number | undefined
}

export const linkFields: Fields<GivenLink> = {
  tls: optional(tls),
  secret: {
    ...optional(secret),
    // Without a secret a manager trusts on first use. A variable that was forgotten must not lead
    // there unseen.
    whenUndefined: 'undefined was given; is the variable set that it comes from?',
  },
  trustedKeys: withDefault(arrayOf(publicKey, 'Ed25519 public keys in base64'), []),
  stateDir: optional(path),
  link: withDefault(tuning, defaultTuning),
  heartbeatMs: optional(heartbeat),
  pingWarningMs: optional(duration(1)),
}

export interface ResolvedLink {
  readonly trust: ResolvedTrust
  readonly link: LinkTuning
}

/** Fills in what was not given; undefined when what was given contradicts itself. */
export function resolveLink(given: GivenLink, at: Place): ResolvedLink | undefined {
  const trust = resolveTrust(given, at)
  const link = resolveTuning(given, at)
  return link && { trust, link }
}

/** The secret from the environment, the folder in the cwd. */
function resolveTrust(given: GivenLink, at: Place): ResolvedTrust {
  return {
    secret: given.secret ?? secretFromEnvironment(at),
    trustedKeys: given.trustedKeys,
    stateDir: given.stateDir ?? resolve(at.environment.cwd, '.discordoo-machines'),
  }
}

function secretFromEnvironment(at: Place): string | undefined {
  const value = at.environment.env[secretVariable]
  if (value === undefined || isLongEnough(value)) return value
  const given = describeHidden(value)
  return at
    .child('secret')
    .fault(
      'DM_OPTION_VALUE',
      `the environment variable ${secretVariable} must hold ${secret.allowed}, but holds ${given}`,
      { given, allowed: secret.allowed },
    )
}
