/** BigInts in what a discordoo bot sends: texts of a mark and digits, anywhere in a value. */
import { MachinesError } from '../../../errors.js'
import { limits } from '../../../limits.js'
import { isRecord } from '../../../routing/records.js'
import { bigIntMark } from './packets.js'

/**
 * Replaces every BigInt's text in a value that JSON.parse made, in place. A text that only looks
 * like one stays. Throws DM_BODY_UNSUPPORTED beyond limits.bodyDepthMax.
 */
export function reviveBigInts(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return revived(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= limits.bodyDepthMax) {
    const message = `a result nested deeper than ${limits.bodyDepthMax} cannot be sent`
    throw new MachinesError('DM_BODY_UNSUPPORTED', message)
  }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      value[index] = reviveBigInts(value[index], depth + 1)
    }
  } else if (isRecord(value)) {
    // An own `__proto__`, as JSON.parse makes it, is a plain property and is assigned as such.
    for (const key of Object.keys(value)) value[key] = reviveBigInts(value[key], depth + 1)
  }
  return value
}

function revived(text: string): unknown {
  if (!text.startsWith(bigIntMark)) return text
  const digits = text.slice(bigIntMark.length)
  const isOne = digits.length <= limits.bodyBigintDigitsMax && /^-?\d+$/.test(digits)
  return isOne ? BigInt(digits) : text
}
