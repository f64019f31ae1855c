/**
 * The book that the reaper keeps of the instances of one manager. Pure.
 *
 * Lines from the manager: `+<pid> <start time>` for an instance that was started, `-<pid>` for one
 * whose exit was confirmed. The start time guards against killing a stranger who was given the pid
 * of an instance that had exited; `?` stands for systems where it cannot be read.
 */

export const unknownStart = '?'

/** Longest line that makes sense; a manager that sends more without an end is not understood. */
const lineCharsMax = 128

export function startedLine(pid: number, startTime: string): string {
  return `+${pid} ${startTime}\n`
}

export function exitedLine(pid: number): string {
  return `-${pid}\n`
}

/** Start time of a running process, {@link unknownStart}, or undefined when there is none. */
export type StartTimeOf = (pid: number) => string | undefined

export class ReaperLedger {
  readonly #startTimes = new Map<number, string>()
  #rest = ''

  /** Takes text as it arrives, cut anywhere. Lines that make no sense are passed over. */
  feed(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = (lines.pop() ?? '').slice(0, lineCharsMax)
    for (const line of lines) this.#enter(line)
  }

  #enter(line: string): void {
    const [, sign, digits, startTime] = /^([+-])([1-9]\d{0,9})(?: (\d{1,20}|\?))?$/.exec(line) ?? []
    const pid = Number(digits)
    if (sign === '+' && startTime !== undefined) this.#startTimes.set(pid, startTime)
    if (sign === '-') this.#startTimes.delete(pid)
  }

  /** The instances that still run. */
  survivors(startTimeOf: StartTimeOf): number[] {
    const alive: number[] = []
    for (const [pid, recorded] of this.#startTimes) {
      const current = startTimeOf(pid)
      if (current === undefined) continue
      const comparable = recorded !== unknownStart && current !== unknownStart
      if (!comparable || recorded === current) alive.push(pid)
    }
    return alive
  }
}
