/** Targets as users write them, checked before anything is sent. */
import { listToRanges } from '../allocator/shard-lists.js'
import type { ShardRange } from '../allocator/shard-range.js'
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import type { ResolvedTarget } from './resolved-target.js'

const allowed =
  "'all', an instance id, a list of them, or one of { instance }, { shard }, { machine }, { guild }"

/**
 * The target of a call in the form that travels.
 *
 * Throws DM_TARGET_INVALID with `path` for anything that is not a `Target`, for empty lists,
 * and for lists that need more ranges or names than one envelope holds. Whether what it names
 * exists is for the router to say.
 */
export function parseTarget(target: unknown): ResolvedTarget {
  if (target === 'all') return { kind: 'all' }
  if (typeof target === 'number' || Array.isArray(target)) {
    return { kind: 'instances', ranges: idRanges(target, 'to') }
  }
  if (typeof target !== 'object' || target === null) throw invalid('to', target)
  const [entry, ...others] = Object.entries(target)
  if (entry === undefined || others.length > 0) {
    throw invalid('to', `an object with ${others.length + (entry ? 1 : 0)} members`)
  }
  const [name, value]: [string, unknown] = entry
  switch (name) {
    case 'instance':
      return { kind: 'instances', ranges: idRanges(value, 'to.instance') }
    case 'shard':
      return { kind: 'shards', ranges: idRanges(value, 'to.shard') }
    case 'machine':
      return { kind: 'machines', names: machineNames(value) }
    case 'guild':
      return { kind: 'guild', id: guildId(value) }
    default:
      throw invalid('to', `an object with a member ${JSON.stringify(name.slice(0, 40))}`)
  }
}

/** As {@link parseTarget}, for a message, which may also go to the `'manager'` of all. */
export function parseSendTarget(target: unknown): ResolvedTarget {
  return target === 'manager' ? { kind: 'manager' } : parseTarget(target)
}

function idRanges(value: unknown, path: string): readonly ShardRange[] {
  const ranges = rangesOf(value, path)
  if (ranges.length <= limits.envelopeTargetsMax) return ranges
  throw invalid(path, `${ranges.length} separate ranges, more than ${limits.envelopeTargetsMax}`)
}

function rangesOf(value: unknown, path: string): readonly ShardRange[] {
  if (Array.isArray(value)) {
    if (value.length === 0) throw invalid(path, 'an empty list')
    if (value.length > limits.shardsMax) throw invalid(path, `a list of ${value.length} ids`)
    return listToRanges(Array.from(value, (id, index) => idOf(id, `${path}[${index}]`)))
  }
  if (typeof value === 'object' && value !== null && 'from' in value && 'to' in value) {
    const from = idOf(value.from, `${path}.from`)
    const to = idOf(value.to, `${path}.to`)
    if (to < from) throw invalid(path, `from ${from} to ${to}`)
    return [{ from, to }]
  }
  const id = idOf(value, path)
  return [{ from: id, to: id }]
}

function idOf(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) {
    if (value < limits.shardsMax) return value
  }
  throw invalid(path, value)
}

function machineNames(value: unknown): readonly string[] {
  const names: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (names.length === 0 || names.length > limits.pointsMax) {
    throw invalid('to.machine', `${names.length} names`)
  }
  return names.map((name) => {
    if (typeof name !== 'string' || name === '') throw invalid('to.machine', name)
    if (Buffer.byteLength(name) > limits.machineNameBytesMax) {
      throw invalid('to.machine', `a name of ${name.length} characters`)
    }
    return name
  })
}

function guildId(value: unknown): string {
  // A number is refused: guild ids are larger than what a JavaScript number holds exactly.
  const digits = typeof value === 'bigint' ? value.toString() : value
  if (typeof digits === 'string' && /^\d{1,20}$/.test(digits)) {
    const id = BigInt(digits)
    if (id < 2n ** 64n) return id.toString()
  }
  throw invalid('to.guild', value)
}

function invalid(path: string, value: unknown): MachinesError {
  const given = typeof value === 'string' ? value.slice(0, 100) : shown(value)
  return new MachinesError('DM_TARGET_INVALID', `${path}: ${given}; allowed: ${allowed}`, {
    path,
    given,
    allowed,
  })
}

function shown(value: unknown): string {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : typeof value
}
