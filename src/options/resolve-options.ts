/** The way from what a user wrote to options that the modes can rely on. */
import { MachinesError } from '../errors.js'
import { type Check, oneOf } from './checks.js'
import { childOptions } from './child-options.js'
import { managerMode } from './common-fields.js'
import { localOptions } from './local-options.js'
import { isPlainObject, ownMember, readMember, required } from './object-check.js'
import type { OptionsEnvironment } from './options-environment.js'
import { parentOptions } from './parent-options.js'
import { Place } from './place.js'
import type { ResolvedOptions } from './resolved-options.js'

/** Every check there is, by the kind of manager. */
export const optionChecks: Readonly<Record<ResolvedOptions['kind'], Check<ResolvedOptions>>> = {
  local: localOptions,
  parent: parentOptions,
  child: childOptions,
}

const role = oneOf(['parent', 'child'])

/**
 * Checks the options of a ShardingManager and fills in every default.
 *
 * Pure: files are looked for through `environment`. Throws one MachinesError with a `DM_OPTION_*` or
 * `DM_SHARDS_*` code, the path of the option, what was given and what is allowed; where there are
 * several faults it is the first, and `failures` holds all of them.
 */
export function resolveOptions(input: unknown, environment: OptionsEnvironment): ResolvedOptions {
  const at = Place.root(environment)
  const resolved = chooseCheck(input, at)?.read(input, at)
  const fault = at.summary()
  if (fault !== undefined) throw fault
  if (resolved === undefined) throw new MachinesError('DM_INTERNAL', 'options without a result')
  return resolved
}

/**
 * Mode and role decide which options there are, so a fault in one of them is told alone: what else
 * is right or wrong cannot be known.
 */
function chooseCheck(input: unknown, at: Place): Check<ResolvedOptions> | undefined {
  if (!isPlainObject(input)) return at.expected('DM_OPTION_TYPE', 'an object', input)
  const mode = readMember(input, 'mode', required(managerMode), at)
  if (mode === undefined) return undefined
  if (mode !== 'machines') return optionChecks.local
  const machines = ownMember(input, 'machines')
  const place = at.child('machines')
  if (!isPlainObject(machines)) {
    const code = machines === undefined ? 'DM_OPTION_MISSING' : 'DM_OPTION_TYPE'
    return place.expected(code, "an object with me: 'parent' or 'child'", machines)
  }
  const me = readMember(machines, 'me', required(role), place)
  return me && optionChecks[me]
}
