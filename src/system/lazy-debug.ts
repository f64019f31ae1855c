/**
 * Debug output for code that instances load: `debug` itself takes 4 ms, and hardly any of them ever
 * says a word. By `import`, which those who put a bot into one file find as well.
 */

export type Say = (format: string, ...values: unknown[]) => void

/** Whether anything is switched on: `debug` keeps it there, also where a program does so as it runs. */
export function isDebugOn(): boolean {
  return process.env.DEBUG !== undefined
}

/** Says it under this name, as `debug` does, in order; it is loaded with the first word to be heard. */
export function lazyDebug(name: string): Say {
  let debug: Promise<Say> | undefined
  return (format, ...values) => {
    if (!isDebugOn()) return
    debug ??= import('debug').then(({ default: create }) => create(name))
    void debug.then((say) => say(format, ...values))
  }
}
