/** Signals that ask a manager to end. */
import type { Cancel } from './system.js'

export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

const endSignals: readonly EndSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Calls `first` on the first of SIGINT (Ctrl-C), SIGTERM and SIGHUP, and `again` on every further
 * one: somebody who presses Ctrl-C twice does not want to wait.
 */
export function onEndSignal(
  first: (signal: EndSignal) => void,
  again: (signal: EndSignal) => void,
): Cancel {
  let seen = false
  const listener = (signal: EndSignal) => {
    if (seen) again(signal)
    else first(signal)
    seen = true
  }
  for (const signal of endSignals) process.on(signal, listener)
  return () => {
    for (const signal of endSignals) process.off(signal, listener)
  }
}

/** Whether anybody else listens for the signal and so decides about the end of the process. */
export function othersListenFor(signal: EndSignal): boolean {
  return process.listenerCount(signal) > 1
}

/** Ends this process. */
export function exitProcess(code: number): void {
  process.exit(code)
}
