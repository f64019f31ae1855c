/** Debug output of managers, without its price where nobody asks for it: `debug` takes 4 ms to load. */
import { createRequire } from 'node:module'
import type createDebug from 'debug'
import { isDebugOn, type Say } from './lazy-debug.js'

/**
 * Says it under this name, as `debug` does, before the call returns: a manager may be about to exit.
 * The package is loaded with the first word that somebody may want to hear.
 */
export function managerDebug(name: string): Say {
  let say: Say | undefined
  return (format, ...values) => {
    if (!isDebugOn()) return
    say ??= load()(name)
    say(format, ...values)
  }
}

function load(): typeof createDebug {
  return createRequire(import.meta.url)('debug')
}
