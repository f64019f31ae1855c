/**
 * How deep values are nested that a peer has sent: JSON.parse takes any depth, and a value nested a
 * million deep then ends every recursive function that looks at it.
 */
import { isRecord } from './records.js'

/** Counts brackets outside of strings, before anything is parsed. */
export function isDeeperText(json: Uint8Array, depthMax: number): boolean {
  if (json.length <= depthMax) return false
  let depth = 0
  let inString = false
  for (let index = 0; index < json.length; index += 1) {
    const byte = json[index]
    if (byte === 0x22) inString = !inString
    else if (inString) index += byte === 0x5c ? 1 : 0
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1
      if (depth > depthMax) return true
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1
  }
  return false
}

/** Looks at what was parsed, without a list of the fields of every object. */
export function isDeeperValue(value: unknown, depthMax: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (depthMax === 0) return true
  if (isRecord(value)) return isAnyFieldDeeper(value, depthMax - 1)
  return Array.isArray(value) && isAnyItemDeeper(value, depthMax - 1)
}

function isAnyFieldDeeper(fields: Readonly<Record<string, unknown>>, depthMax: number): boolean {
  for (const key in fields) {
    const field = fields[key]
    if (typeof field === 'object' && isDeeperValue(field, depthMax)) return true
  }
  return false
}

function isAnyItemDeeper(items: readonly unknown[], depthMax: number): boolean {
  for (const item of items) {
    if (typeof item === 'object' && isDeeperValue(item, depthMax)) return true
  }
  return false
}
