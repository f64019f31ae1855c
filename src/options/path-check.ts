/** Paths of files and folders on this machine. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Check } from './checks.js'
import { describe } from './describe.js'
import type { Place } from './place.js'

/** A path, made absolute from the working directory. Whether something is there is not looked at. */
export const path: Check<string> = {
  allowed: 'a path',
  read(given, at) {
    return readPath(given, at)
  },
}

/** A path of a file that is there. */
export const file: Check<string> = {
  allowed: 'the path of a file',
  read(given, at) {
    const absolute = readPath(given, at)
    if (absolute === undefined || at.environment.isFile(absolute)) return absolute
    const shown = describe(given)
    return at.fault('DM_OPTION_FILE', `no such file: ${shown}, resolved to ${absolute}`, {
      given: shown,
      allowed: this.allowed,
    })
  },
}

function readPath(given: unknown, at: Place): string | undefined {
  const allowed = 'a path'
  if (given instanceof URL || (typeof given === 'string' && given.startsWith('file:'))) {
    try {
      return fileURLToPath(given)
    } catch {
      return at.expected('DM_OPTION_VALUE', 'a file: URL of this machine', String(given))
    }
  }
  if (typeof given !== 'string') return at.expected('DM_OPTION_TYPE', allowed, given)
  if (given.includes('-----BEGIN ')) {
    return at.expected('DM_OPTION_VALUE', allowed, given, '; store it in a file and give its path')
  }
  const fits = given.trim() !== '' && !given.includes('\0')
  return fits ? resolve(at.environment.cwd, given) : at.expected('DM_OPTION_VALUE', allowed, given)
}
