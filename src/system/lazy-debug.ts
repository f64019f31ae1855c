/**
 * Debug output for code that instances load at their start: `debug` itself takes 4 ms, and hardly any
 * of them ever says a word.
 */
import type createDebug from 'debug'

/** Says it under this name, as `debug` does; the package is loaded with the first word. */
export function lazyDebug(name: string): (format: string, ...values: unknown[]) => void {
  let debug: Promise<createDebug.Debugger> | undefined
  return (format, ...values) => {
    debug ??= import('debug').then(({ default: create }) => create(name))
    void debug.then((say) => say(format, ...values))
  }
}
