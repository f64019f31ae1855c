/**
 * Makes functions of eval scripts. This is the one place where code comes from outside, which is
 * what eval is; a machine that wants none of it sets `machines.accept.eval: false`.
 *
 * Scripts run in the global scope and in strict mode, as modules do: they see globals and their one
 * argument, `this` is undefined, and `await import('…')` resolves from the working directory.
 */
import { constants, Script } from 'node:vm'
import { MachinesError, toError } from '../errors.js'
import type { EvalScript } from '../routing/eval-script.js'

type Compiled = (context: object) => unknown

const options = {
  filename: 'discordoo-machines-eval',
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
}

/** What was compiled lately: bots ask the same again and again. Scripts that vary push each other out. */
const scripts = new Map<string, Script>()
const keptMax = 64
const keptCharsMax = 4_096

/** The function that a script stands for; throws DM_EVAL_SCRIPT when there is none. */
export function compileScript({ form, source }: EvalScript): Compiled {
  // The line breaks keep a comment at the end of the script from swallowing the bracket.
  if (form === 'body') return compiled(`(async (context) => { ${source}\n})`)
  try {
    return compiled(`(${source}\n)`)
  } catch (error) {
    // The source of a method, `foo() {}`, is only at home in an object.
    return compiledMethod(source, toError(error))
  }
}

function compiled(code: string): Compiled {
  const value = run(code)
  if (isFunction(value)) return (context) => Reflect.apply(value, undefined, [context])
  throw invalid('it is no function')
}

function compiledMethod(source: string, asFunction: Error): Compiled {
  let holder: unknown
  try {
    holder = run(`({ ${source}\n})`)
  } catch {
    throw asFunction
  }
  const [property, ...others] = Object.values(Object.getOwnPropertyDescriptors(holder))
  const value: unknown = property?.value
  if (!isFunction(value) || others.length > 0) throw asFunction
  return (context) => Reflect.apply(value, undefined, [context])
}

function run(code: string): unknown {
  try {
    return scriptOf(code).runInThisContext()
  } catch (cause) {
    throw invalid(toError(cause).message, cause)
  }
}

/** Compiled once, run anew for each eval: no eval sees what another one has left on its function. */
function scriptOf(code: string): Script {
  const known = scripts.get(code)
  if (known !== undefined) return known
  const script = new Script(`'use strict'; ${code}`, options)
  if (code.length > keptCharsMax) return script
  const [oldest] = scripts.keys()
  if (scripts.size >= keptMax && oldest !== undefined) scripts.delete(oldest)
  scripts.set(code, script)
  return script
}

function isFunction(value: unknown): value is (context: object) => unknown {
  return typeof value === 'function'
}

function invalid(why: string, cause?: unknown): MachinesError {
  return new MachinesError('DM_EVAL_SCRIPT', `the script does not compile: ${why}`, { cause })
}
