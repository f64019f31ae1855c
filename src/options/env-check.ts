/** Environment variables: what the manager keeps for itself, and what no parent may set. */
import { limits } from '../limits.js'
import type { Check } from './checks.js'
import { describe } from './describe.js'
import { isPlainObject } from './object-check.js'
import type { Place } from './place.js'

export type Variables = Readonly<Record<string, string>>

/**
 * Variables through which a manager speaks with its instances; written by the launchers. A name that
 * ends in `*` stands for all names that begin so.
 */
const managerOwned: readonly string[] = ['DISCORDOO_MACHINES_*', 'SHARDING_*']

/**
 * Variables that run code, change which code is loaded, or change whom a program trusts. A parent
 * may not set them on a child, because whoever holds the parent would then own every machine.
 *
 * It is a list of known ones and cannot be whole: other programs have their own. Where that matters,
 * a child sets `accept.env: false`.
 */
export const guardedVariables: readonly string[] = [
  // Node.js: options, preloads, module paths (HOME leads to .node_modules), certificates.
  'NODE_*',
  'HOME',
  'USERPROFILE',
  'HOMEDRIVE',
  'HOMEPATH',
  'ELECTRON_*',
  'TS_NODE_*',
  'NPM_CONFIG_*',
  // Loaders of the system.
  'LD_*',
  'DYLD_*',
  'GCONV_PATH',
  'GLIBC_TUNABLES',
  'LOCPATH',
  // OpenSSL: engines, configuration, certificates, and keys written to a file.
  'OPENSSL_*',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'SSLKEYLOGFILE',
  // Which program a name stands for, and what shells run at their start.
  'PATH',
  'PATHEXT',
  'COMSPEC',
  'SYSTEMROOT',
  'WINDIR',
  'SHELL',
  'SHELLOPTS',
  'BASHOPTS',
  'BASH_ENV',
  'BASH_FUNC_*',
  'ENV',
  'IFS',
  'PS4',
  'PROMPT_COMMAND',
  // Interpreters and tools that a bot may start.
  'PYTHON*',
  'PERL5*',
  'RUBYOPT',
  'RUBYLIB',
  'JAVA_TOOL_OPTIONS',
  '_JAVA_OPTIONS',
  'JDK_JAVA_OPTIONS',
  'GIT_*',
  'EDITOR',
  'VISUAL',
  'PAGER',
]

/** Names within a guarded family that are harmless and commonly wanted. */
export const harmlessVariables: readonly string[] = ['NODE_ENV']

/** Variables for instances on this machine. */
export const localEnv: Check<Variables> = envCheck(refuseManagerOwned)

/** Variables that travel from a parent to a child. */
export const pushedEnv: Check<Variables> = envCheck((name, at) => {
  if (isGuarded(name)) {
    at.fault(
      'DM_OPTION_VALUE',
      'a parent may not set this variable on a child, because it can run code, change which code ' +
        'is loaded, or change whom a program trusts; set it on the child',
      { given: describe(name), allowed: 'other variables' },
    )
  } else refuseManagerOwned(name, at)
})

function refuseManagerOwned(name: string, at: Place): void {
  if (isListed(name, managerOwned)) {
    at.fault('DM_OPTION_VALUE', 'the manager sets this variable itself', {
      given: describe(name),
      allowed: 'other variables',
    })
  }
}

/** Whether a variable may not travel. Upper and lower case are the same, as on Windows. */
export function isGuarded(name: string): boolean {
  return isListed(name, guardedVariables) && !isListed(name, harmlessVariables)
}

function isListed(name: string, list: readonly string[]): boolean {
  const upper = name.toUpperCase()
  return list.some((entry) =>
    entry.endsWith('*') ? upper.startsWith(entry.slice(0, -1)) : upper === entry,
  )
}

function envCheck(refuseName: (name: string, at: Place) => void): Check<Variables> {
  return {
    allowed: 'an object of variables, as { NAME: "text" }',
    read(given, at) {
      if (!isPlainObject(given)) {
        return at.expectedHidden('DM_OPTION_TYPE', this.allowed, given)
      }
      const entries = Object.entries(given).filter(([, value]) => value !== undefined)
      if (entries.length > limits.optionListMax) {
        return at.expected('DM_OPTION_VALUE', `at most ${limits.optionListMax} variables`, given)
      }
      const before = at.faults.length
      const variables: [string, string][] = []
      for (const [name, value] of entries) {
        const place = at.child(name)
        refuseName(name, place)
        if (isVariable(name, value, place)) variables.push([name, value])
      }
      // Object.fromEntries defines members and never assigns, so no name reaches a prototype.
      return at.faults.length === before ? Object.fromEntries(variables) : undefined
    },
  }
}

function isVariable(name: string, value: unknown, at: Place): value is string {
  if (!/^[^=\0]+$/.test(name) || name === '__proto__') {
    at.fault('DM_OPTION_VALUE', 'not a name that a variable can have', {
      given: describe(name),
      allowed: 'a name without = and NUL',
    })
    return false
  }
  if (typeof value === 'string' && !value.includes('\0')) return true
  at.expectedHidden('DM_OPTION_TYPE', 'a string without NUL', value)
  return false
}
