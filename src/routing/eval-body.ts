/**
 * The body of an EVAL: a script and its context. Bots ask the same again and again, mostly without a
 * context, so short scripts of that kind are encoded and decoded once.
 */
import { MachinesError } from '../errors.js'
import { encodeBody } from './body-codec.js'
import { decodeCallBody } from './call-body.js'
import { checkEvalScript, type EvalScript, toEvalScript } from './eval-script.js'
import { Kept } from './kept.js'
import { isRecord } from './records.js'

export interface EvalBody {
  readonly script: EvalScript
  readonly context: object
}

const keptMax = 64
/** Of one body; what is longer would fill the memory of whoever generates scripts. */
const keptBytesMax = 4_096

const encoded = { function: new Kept<Uint8Array>(keptMax), body: new Kept<Uint8Array>(keptMax) }
const decoded = new Kept<EvalScript>(keptMax)

/**
 * Throws DM_EVAL_SCRIPT for what is no script, DM_OPTION_TYPE for a context that is no object, and as
 * `encodeBody`. The bytes may be those of an earlier call and are not to be changed.
 */
export function encodeEvalBody(script: unknown, context: unknown = {}): Uint8Array {
  const { form, source } = toEvalScript(script)
  if (!isRecord(context)) {
    const details = { path: 'context', allowed: 'an object' }
    throw new MachinesError('DM_OPTION_TYPE', 'context: only an object is allowed', details)
  }
  const isAlone = isEmpty(context)
  const known = isAlone ? encoded[form].get(source) : undefined
  if (known !== undefined) return known
  const body = encodeBody({ form, source, context }, '')
  const isKept = isAlone && body.length <= keptBytesMax
  // A copy of its own, as bodies share their memory with others that do not stay.
  if (isKept) encoded[form].set(source, new Uint8Array(body))
  return body
}

/** Throws DM_BODY_INVALID and DM_EVAL_SCRIPT. */
export function decodeEvalBody(body: Uint8Array): EvalBody {
  if (body.length > keptBytesMax) return decode(body)
  const key = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1')
  const known = decoded.get(key)
  if (known !== undefined) return { script: known, context: {} }
  const read = decode(body)
  if (isEmpty(read.context)) decoded.set(key, read.script)
  return read
}

function decode(body: Uint8Array): EvalBody {
  const { form, source, context } = decodeCallBody(body)
  return { script: checkEvalScript(form, source), context: isRecord(context) ? context : {} }
}

/** Whether it is a plain object that says nothing. */
function isEmpty(context: object): boolean {
  return (
    Object.getPrototypeOf(context) === Object.prototype && Reflect.ownKeys(context).length === 0
  )
}
