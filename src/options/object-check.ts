/** Checks of objects: known members, required ones, defaults, and help with all other names. */
import type { Check } from './checks.js'
import type { Place } from './place.js'
import { nearest } from './suggestions.js'

/** How one member of an object is read. */
export interface Field<T> {
  readonly check: Check<unknown>
  /** What stands in for a member that was not given; `undefined`: it must be given. */
  readonly standIn: { readonly value: T } | undefined
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
      const before = at.faults.length
      for (const name of Object.keys(given)) {
        if (!Object.hasOwn(fields, name)) refuseName(name, names, advice, at)
      }
      const read = byName.map(([name, field]) => [name, readMember(given, name, field, at)])
      return at.faults.length === before ? (Object.fromEntries(read) as T) : undefined
    },
  }
}

/** Reads one member of an object, the others untouched. */
export function readMember<T>(
  given: object,
  name: string,
  field: Field<T>,
  at: Place,
): T | undefined {
  const value = ownMember(given, name)
  const place = at.child(name)
  if (value !== undefined) return field.check.read(value, place) as T | undefined
  if (field.standIn !== undefined) return field.standIn.value
  const { allowed } = field.check
  return place.fault('DM_OPTION_MISSING', `required, but not given; expected ${allowed}`, {
    given: 'undefined',
    allowed,
  })
}

export function ownMember(given: object, name: string): unknown {
  return Object.hasOwn(given, name) ? (given as Record<string, unknown>)[name] : undefined
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
  const isName = typeof alias === 'string' && names.includes(alias)
  const hint = isName ? `did you mean '${alias}'?` : (alias ?? `expected ${allowed}`)
  place.fault('DM_OPTION_UNKNOWN', `there is no such option; ${hint}`, {
    given: JSON.stringify(name.slice(0, 60)),
    allowed,
  })
}
