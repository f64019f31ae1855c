/**
 * The only door to clock, timers and randomness.
 *
 * Everything that waits or rolls dice takes a {@link System}, so that tests and the simulator can
 * put a virtual clock and a seeded generator in its place.
 *
 * `performance` and `crypto` are the global ones, which Node loads at their first use, and so is
 * `node:os` here: an instance that only starts needs none of them, and importing them takes it 3 ms.
 */

/** Undoes a timer. Calling it twice, or after the timer fired, does nothing. */
export type Cancel = () => void

export interface System {
  /** Monotonic time in ms. Never jumps with the wall clock; only differences mean anything. */
  now(): number
  /**
   * Time in ms since the machine was started: the same in all processes of a machine, so that one can
   * tell another a deadline. Does not jump with the wall clock, and goes on while the machine sleeps.
   */
  machineTime(): number
  /** Wall clock in ms since the Unix epoch, for ids and for people, never for measuring. */
  wallClock(): number
  /** Calls `action` once after `delayMs`. The timer does not keep the process alive. */
  setTimer(delayMs: number, action: () => void): Cancel
  /** Keeps the process alive until undone: a manager that only waits must not simply end. */
  keepAlive(): Cancel
  /** A number in [0, 1), for jitter. Not for secrets. */
  random(): number
  /** Bytes for nonces and keys. */
  randomBytes(count: number): Uint8Array
}

/**
 * On Linux and Windows what libuv calls uptime is the boot clock, which counts sleep. On macOS it is
 * reckoned from the wall clock, and hrtime is the clock that does.
 */
const isUptimeSteady = process.platform === 'linux' || process.platform === 'win32'

function machineTime(): number {
  if (!isUptimeSteady) return Number(process.hrtime.bigint() / 1_000n) / 1_000
  return process.getBuiltinModule('node:os').uptime() * 1_000
}

export const realSystem: System = {
  now: () => performance.now(),
  machineTime,
  wallClock: () => Date.now(),
  setTimer(delayMs, action) {
    const timer = setTimeout(action, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
  keepAlive() {
    const timer = setInterval(() => {}, 2 ** 30)
    return () => clearInterval(timer)
  },
  random: () => Math.random(),
  randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
}

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(system: System, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const done = (finish: () => void) => {
      cancel()
      signal?.removeEventListener('abort', onAbort)
      finish()
    }
    const onAbort = () => done(() => reject(signal?.reason))
    const cancel = system.setTimer(delayMs, () => done(resolve))
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** The outcome of `work`, or `timedOut()` as a rejection when it takes longer than `timeoutMs`. */
export function deadline<T>(
  system: System,
  work: Promise<T>,
  timeoutMs: number,
  timedOut: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = system.setTimer(timeoutMs, () => reject(timedOut()))
    work.then(resolve, reject).finally(cancel)
  })
}
