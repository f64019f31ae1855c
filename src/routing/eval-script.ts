/** What an eval sends: the source of a function, or the text of a function's body. */
import { MachinesError } from '../errors.js'

export interface EvalScript {
  readonly form: 'function' | 'body'
  readonly source: string
}

/**
 * Takes the source of a script without running or compiling it; throws DM_EVAL_SCRIPT for what has
 * none (bound and built-in functions, classes) and for anything but a function or a string.
 */
export function toEvalScript(script: unknown): EvalScript {
  if (typeof script === 'string') return { form: 'body', source: script }
  if (typeof script !== 'function') {
    throw invalid(
      `a function or a string is needed, not ${script === null ? 'null' : typeof script}`,
    )
  }
  const source = Function.prototype.toString.call(script)
  if (/\{\s*\[native code\]\s*\}$/.test(source)) {
    throw invalid('bound and built-in functions have no source that could be sent')
  }
  if (/^class\b/.test(source)) throw invalid('a class cannot be evaluated')
  return { form: 'function', source }
}

/** The script in the body of an EVAL; throws DM_EVAL_SCRIPT. */
export function checkEvalScript(form: unknown, source: unknown): EvalScript {
  if ((form === 'function' || form === 'body') && typeof source === 'string')
    return { form, source }
  throw invalid('the request holds none')
}

function invalid(why: string): MachinesError {
  return new MachinesError('DM_EVAL_SCRIPT', `the script of an eval: ${why}`)
}
