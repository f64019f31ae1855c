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
import { Kept } from '../routing/kept.js'

type Compiled = (context: object) => unknown

/** Makes the value of a script anew: no eval sees what another one has left on its function. */
type Factory = () => unknown

/** How the text of a script becomes code, and where the function is in the value of that code. */
interface Reading {
  readonly code: (source: string) => string
  readonly pick: (value: unknown) => unknown
}

const options = {
  filename: 'discordoo-machines-eval',
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
}

const itself = (value: unknown) => value

// The line breaks keep a comment at the end of a script from swallowing the bracket.
const asBody: Reading = { code: (text) => `(async (context) => { ${text}\n})`, pick: itself }
const asFunction: Reading = { code: (text) => `(${text}\n)`, pick: itself }
/** The source of a method, `foo() {}`, is only at home in an object. */
const asMethod: Reading = { code: (text) => `({ ${text}\n})`, pick: onlyProperty }

const readings: Record<EvalScript['form'], readonly Reading[]> = {
  function: [asFunction, asMethod],
  body: [asBody],
}

const keptMax = 64
const keptCharsMax = 4_096
/** What was compiled lately: bots ask the same again and again. Scripts that vary push each other out. */
const kept: Record<EvalScript['form'], Kept<Factory>> = {
  function: new Kept(keptMax),
  body: new Kept(keptMax),
}

/** The function that a script stands for; throws DM_EVAL_SCRIPT when there is none. */
export function compileScript({ form, source }: EvalScript): Compiled {
  const known = kept[form].get(source)
  if (known !== undefined) return functionOf(known)
  let failure: unknown
  for (const reading of readings[form]) {
    try {
      const factory = factoryOf(reading, source)
      const compiled = functionOf(factory)
      if (source.length <= keptCharsMax) kept[form].set(source, factory)
      return compiled
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}

function factoryOf({ code, pick }: Reading, source: string): Factory {
  const make = attempt(() =>
    new Script(`'use strict'; () => ${code(source)}`, options).runInThisContext(),
  )
  return () => (isFunction(make) ? pick(make({})) : undefined)
}

function functionOf(factory: Factory): Compiled {
  const value = attempt(factory)
  if (!isFunction(value)) throw invalid('it is no function')
  return (context) => Reflect.apply(value, undefined, [context])
}

function attempt(factory: Factory): unknown {
  try {
    return factory()
  } catch (cause) {
    throw invalid(toError(cause).message, cause)
  }
}

/** Undefined where there are several, or it is a getter. */
function onlyProperty(holder: unknown): unknown {
  const [property, ...others] = Object.values(Object.getOwnPropertyDescriptors(holder))
  return others.length === 0 ? property?.value : undefined
}

function isFunction(value: unknown): value is (context: object) => unknown {
  return typeof value === 'function'
}

function invalid(why: string, cause?: unknown): MachinesError {
  return new MachinesError('DM_EVAL_SCRIPT', `the script does not compile: ${why}`, { cause })
}
