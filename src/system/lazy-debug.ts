/**
 * Debug output without its price where nobody asks for it: `debug` itself takes 4 ms to load, and
 * hardly any manager or instance ever says a word.
 */
import type createDebug from 'debug'

/**
 * Says it under this name, as `debug` does. The package is loaded with the first word that somebody may
 * want to hear: `debug` keeps what is switched on in the environment, also where a program does so.
 */
export function lazyDebug(name: string): (format: string, ...values: unknown[]) => void {
  let say: createDebug.Debugger | undefined
  let loading: Promise<createDebug.Debugger> | undefined
  const load = async () => {
    const { default: create } = await import('debug')
    say = create(name)
    return say
  }
  return (format, ...values) => {
    if (process.env.DEBUG === undefined) return
    if (say !== undefined) {
      say(format, ...values)
      return
    }
    loading ??= load()
    void loading.then((loaded) => loaded(format, ...values))
  }
}
