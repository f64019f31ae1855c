/**
 * Debug output for code that instances load: `debug` itself takes 4 ms, and hardly any of them ever
 * says a word. By `import`, which those who put a bot into one file find as well.
 */

export type Say = (format: string, ...values: unknown[]) => void

/** Whether anything is switched on: `debug` keeps it there, also where a program does so as it runs. */
export function isDebugOn(): boolean {
  return process.env.DEBUG !== undefined
}

/** Says it under this name, as `debug` does; the package is loaded with the first word to be heard. */
export function lazyDebug(name: string): Say {
  let say: Say | undefined
  let loading: Promise<Say> | undefined
  const load = async (): Promise<Say> => {
    const { default: create } = await import('debug')
    say = create(name)
    return say
  }
  return (format, ...values) => {
    if (!isDebugOn()) return
    if (say !== undefined) {
      say(format, ...values)
      return
    }
    loading ??= load()
    void loading.then((loaded) => loaded(format, ...values))
  }
}
