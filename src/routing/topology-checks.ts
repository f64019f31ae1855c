/** What the checks of a topology and of its patches have in common. All throw DM_TOPOLOGY_INVALID. */
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import { machineIndexMax } from './endpoint.js'
import { isRecord } from './records.js'

export function record(value: unknown): Record<string, unknown> {
  if (isRecord(value)) return value
  throw invalidTopology('no object where one belongs')
}

export function array(value: unknown, lengthMax: number, what: string): readonly unknown[] {
  if (Array.isArray(value) && value.length <= lengthMax) return value
  throw invalidTopology(`${what} is no list, or one of over ${lengthMax}`)
}

/** A list of two; it is measured before it is looked into. */
export function pair(value: unknown, what: string): readonly [unknown, unknown] {
  const [first, second, ...rest] = array(value, 2, what)
  if (second === undefined || rest.length > 0) throw invalidTopology(`${what} is no pair`)
  return [first, second]
}

export function integer(value: unknown, min: number, max: number, what: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value
  }
  throw invalidTopology(`${what} is not a number from ${min} to ${max}`)
}

export function machineIndex(value: unknown, what: string): number {
  return integer(value, 0, machineIndexMax, what)
}

export function machineName(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw invalidTopology('a machine without a name')
  if (Buffer.byteLength(value) > limits.machineNameBytesMax) {
    throw invalidTopology(`a machine name is longer than ${limits.machineNameBytesMax} bytes`)
  }
  return value
}

export function machineIndexes(value: unknown, what: string): readonly number[] {
  return array(value, limits.pointsMax, what).map((index) => machineIndex(index, what))
}

export function versionNumber(value: unknown): number {
  return integer(value, 0, Number.MAX_SAFE_INTEGER, 'version')
}

export function invalidTopology(why: string, cause?: unknown): MachinesError {
  const shown = why.slice(0, limits.machineNameBytesMax)
  return new MachinesError('DM_TOPOLOGY_INVALID', `topology: ${shown}`, { cause })
}
