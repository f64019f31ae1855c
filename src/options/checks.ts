/**
 * Small checks of which the options are put together.
 *
 * A check reads one value. It returns what it made of it, or `undefined` after it left a fault at
 * its place; it never throws, so that one look shows a user every fault.
 */
import { limits } from '../limits.js'
import type { Place } from './place.js'
import { nearest } from './suggestions.js'

export interface Check<T> {
  /** What is allowed, in words that follow "expected". */
  readonly allowed: string
  read(given: unknown, at: Place): T | undefined
  /** The checks of the members, where this one reads an object. */
  readonly members?: Readonly<Record<string, Check<unknown>>>
  /** The check of the entries, where this one reads an array. */
  readonly entries?: Check<unknown>
}

export const bool: Check<boolean> = {
  allowed: 'true or false',
  read(given, at) {
    return typeof given === 'boolean' ? given : at.expected('DM_OPTION_TYPE', this.allowed, given)
  },
}

/** A whole number, both ends included. */
export function integer(min: number, max: number, what = 'an integer'): Check<number> {
  const allowed = `${what} from ${min} to ${max}`
  return {
    allowed,
    read(given, at) {
      if (typeof given !== 'number') return at.expected('DM_OPTION_TYPE', allowed, given)
      const fits = Number.isInteger(given) && given >= min && given <= max
      return fits ? given : at.expected('DM_OPTION_VALUE', allowed, given)
    },
  }
}

/** A time in ms that a timer of Node.js can hold. */
export function duration(min: number, max: number = limits.timeoutMsMax): Check<number> {
  return integer(min, max, 'an integer of milliseconds')
}

/** A text that is not empty and can be handed to the system. */
export function text(allowed: string): Check<string> {
  return {
    allowed,
    read(given, at) {
      if (typeof given !== 'string') return at.expected('DM_OPTION_TYPE', allowed, given)
      const fits = given.trim() !== '' && !given.includes('\0')
      return fits ? given : at.expected('DM_OPTION_VALUE', allowed, given)
    },
  }
}

/** One of a few names; a near miss gets a suggestion. */
export function oneOf<const T extends string>(names: readonly T[]): Check<T> {
  const quoted = names.map((name) => `'${name}'`)
  const allowed = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
  return {
    allowed,
    read(given, at) {
      if (typeof given !== 'string') return at.expected('DM_OPTION_TYPE', allowed, given)
      const found = names.find((name) => name === given)
      if (found !== undefined) return found
      const near = nearest(given, names)
      const hint = near === undefined ? '' : `; did you mean '${near}'?`
      return at.expected('DM_OPTION_VALUE', allowed, given, hint)
    },
  }
}

/** A list; every entry that fails is named. The length is checked before anything is copied. */
export function arrayOf<T>(
  entries: Check<T>,
  what: string,
  max: number = limits.optionListMax,
): Check<T[]> {
  const allowed = `an array of ${what}`
  return {
    allowed,
    entries,
    read(given, at) {
      if (!Array.isArray(given)) return at.expected('DM_OPTION_TYPE', allowed, given)
      if (given.length > max) {
        return at.expected('DM_OPTION_VALUE', `${allowed}, at most ${max}`, given)
      }
      const before = at.faults.length
      const result: T[] = []
      // Array.from turns holes of a sparse array into entries, which a loop would step over.
      for (const [index, entry] of Array.from<unknown>(given).entries()) {
        const value = entries.read(entry, at.child(index))
        if (value !== undefined) result.push(value)
      }
      return at.faults.length === before ? result : undefined
    },
  }
}

const argument: Check<string> = {
  allowed: 'a string without NUL',
  read(given, at) {
    if (typeof given === 'string' && !given.includes('\0')) return given
    return at.expectedHidden('DM_OPTION_TYPE', this.allowed, given)
  },
}

const argumentArray = arrayOf(argument, 'strings')

/** Arguments: a list of texts that may be empty and are never shown, for tokens stand in them. */
export const argumentList: Check<string[]> = {
  ...argumentArray,
  read(given, at) {
    if (typeof given !== 'string') return argumentArray.read(given, at)
    return at.expectedHidden('DM_OPTION_TYPE', this.allowed, given)
  },
}

/** Values given as one of `literals` stand for themselves; an object goes to the check. */
export function literalOr<const L extends boolean, T>(
  literals: readonly L[],
  check: Check<T>,
): Check<L | T> {
  const allowed = [...literals, check.allowed].join(' or ')
  return {
    ...check,
    allowed,
    read(given, at) {
      const found = literals.find((literal) => literal === given)
      if (found !== undefined) return found
      if (typeof given === 'object' && given !== null) return check.read(given, at)
      return at.expected('DM_OPTION_TYPE', allowed, given)
    },
  }
}

/**
 * Goes on with what a check has read: to look at several members together, or to make something
 * else of it. `finish` is only called when no fault was found inside.
 */
export function mapped<T, U>(
  check: Check<T>,
  finish: (value: T, at: Place) => U | undefined,
): Check<U> {
  return {
    ...check,
    read(given, at) {
      const value = check.read(given, at)
      if (value === undefined) return undefined
      const before = at.faults.length
      const result = finish(value, at)
      return at.faults.length === before ? result : undefined
    },
  }
}
