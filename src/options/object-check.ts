/** Checks of objects: known members, required ones, defaults, and help with all other names. */
import { limits } from '../limits.js'
import type { Check } from './checks.js'
import { describe } from './describe.js'
import type { Place } from './place.js'
import { nearest } from './suggestions.js'

/** How one member of an object is read. */
export interface Field<T> {
  readonly check: Check<T>
  /** What stands in for a member that was not given; `undefined`: it must be given. */
  readonly standIn: { readonly value: T } | undefined
  /** What to say to a member that is there with the value `undefined`; else it counts as not given. */
  readonly whenUndefined?: string
}

export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> }

/** Help with names that are not members. */
export interface Advice {
  /** Options that exist but have no effect here: name -> why, and where they belong. */
  readonly misplaced?: Readonly<Record<string, string>>
  /** What users call a member by mistake: name -> name of the member, or a sentence. */
  readonly aliases?: Readonly<Record<string, string>>
}

export function required<T>(check: Check<T>): Field<T> {
  return { check, standIn: undefined }
}

export function optional<T>(check: Check<T>): Field<T | undefined> {
  return { check, standIn: { value: undefined } }
}

export function withDefault<T>(check: Check<T>, value: T): Field<T> {
  return { check, standIn: { value } }
}

/**
 * An object with exactly these members. A member given as `undefined` counts as not given. Only own
 * members are looked at, so nothing comes in from a prototype.
 */
export function object<T extends object>(fields: Fields<T>, advice: Advice = {}): Check<T> {
  const byName = Object.entries<Field<unknown>>(fields)
  const names = Object.keys(fields)
  return {
    allowed: 'an object',
    members: Object.fromEntries(byName.map(([name, { check }]) => [name, check])),
    read(given, at) {
      if (!isPlainObject(given)) return at.expected('DM_OPTION_TYPE', this.allowed, given)
      const givenNames = Object.keys(given)
      if (givenNames.length > limits.optionListMax) {
        return at.expected('DM_OPTION_VALUE', this.allowed, given)
      }
      const before = at.faults.length
      for (const name of givenNames) {
        if (!Object.hasOwn(fields, name)) refuseName(name, names, advice, at)
      }
      const read = byName.map(([name, field]) => [name, readMember(given, name, field, at)])
      // Every member of T was read, as the type of `fields` says.
      const result: T = Object.fromEntries(read)
      return at.faults.length === before ? result : undefined
    },
  }
}

/** Reads one member of an object, the others untouched. */
export function readMember<T>(
  given: Readonly<Record<string, unknown>>,
  name: string,
  field: Field<T>,
  at: Place,
): T | undefined {
  const value = ownMember(given, name)
  const place = at.child(name)
  if (value !== undefined) return field.check.read(value, place)
  if (field.whenUndefined !== undefined && Object.hasOwn(given, name)) {
    return place.fault('DM_OPTION_VALUE', field.whenUndefined, { given: 'undefined' })
  }
  if (field.standIn !== undefined) return field.standIn.value
  const { allowed } = field.check
  return place.fault('DM_OPTION_MISSING', `required, but not given; expected ${allowed}`, {
    given: 'undefined',
    allowed,
  })
}

export function ownMember<V>(given: Readonly<Record<string, V>>, name: string): V | undefined {
  return Object.hasOwn(given, name) ? given[name] : undefined
}

/** An object literal, of this or another realm, or one without a prototype. */
export function isPlainObject(given: unknown): given is Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false
  const prototype: unknown = Object.getPrototypeOf(given)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function refuseName(name: string, names: readonly string[], advice: Advice, at: Place): void {
  const place = at.child(name)
  const belongs = ownMember(advice.misplaced ?? {}, name)
  if (belongs !== undefined) {
    place.fault('DM_OPTION_MISPLACED', `has no effect here: ${belongs}`)
    return
  }
  const alias = ownMember(advice.aliases ?? {}, name) ?? nearest(name, names)
  const allowed = `one of ${names.join(', ')}`
  const isName = alias !== undefined && names.includes(alias)
  const hint = isName ? `did you mean '${alias}'?` : (alias ?? `expected ${allowed}`)
  place.fault('DM_OPTION_UNKNOWN', `there is no such option; ${hint}`, {
    given: describe(name),
    allowed,
  })
}
