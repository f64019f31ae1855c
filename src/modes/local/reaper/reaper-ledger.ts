/**
 * The book that the reaper keeps of the instances of one manager. Pure.
 *
 * Lines from the manager: `+<pid> <start time>` for an instance that was started, `-<pid>` for one
 * whose exit was confirmed. The start time guards against killing a stranger who was given the pid
 * of an instance that had exited; `?` stands for systems where it cannot be read.
 *
 * `=<machine time in ms>`: from then on all of them are to be killed, while `=` alone takes that back.
 * `!<pid> <start time>`, ended by `-<pid>` too: the process that instances are threads of, which is
 * the manager itself. Only that time concerns it.
 */

export const unknownStart = '?'

/** Longest line that makes sense; a manager that sends more without an end is not understood. */
const lineCharsMax = 128

export function startedLine(pid: number, startTime: string): string {
  return `+${pid} ${startTime}\n`
}

export function hostLine(pid: number, startTime: string): string {
  return `!${pid} ${startTime}\n`
}

export function exitedLine(pid: number): string {
  return `-${pid}\n`
}

export function killAtLine(killAt: number | undefined): string {
  return `=${killAt === undefined ? '' : Math.max(0, Math.ceil(killAt))}\n`
}

/** Start time of a running process, {@link unknownStart}, or undefined when there is none. */
export type StartTimeOf = (pid: number) => string | undefined

export class ReaperLedger {
  readonly #instances = new Map<number, string>()
  readonly #hosts = new Map<number, string>()
  #killAt: number | undefined
  #rest = ''

  /** Takes text as it arrives, cut anywhere. Lines that make no sense are passed over. */
  feed(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = (lines.pop() ?? '').slice(0, lineCharsMax)
    for (const line of lines) this.#enter(line)
  }

  /** When everything is to be killed; undefined: never, or there is nothing. */
  get killAt(): number | undefined {
    return this.#instances.size + this.#hosts.size === 0 ? undefined : this.#killAt
  }

  /** The instances that still run. */
  survivors(startTimeOf: StartTimeOf): number[] {
    return alive(this.#instances, startTimeOf)
  }

  /** All that still runs and is to be killed now. It is struck out: SIGKILL needs no second one. */
  takeOverdue(now: number, startTimeOf: StartTimeOf): number[] {
    if (this.killAt === undefined || now < this.killAt) return []
    const overdue = [...alive(this.#instances, startTimeOf), ...alive(this.#hosts, startTimeOf)]
    this.#instances.clear()
    this.#hosts.clear()
    return overdue
  }

  #enter(line: string): void {
    const [, time] = /^=(\d{0,15})$/.exec(line) ?? []
    if (time !== undefined) this.#killAt = time === '' ? undefined : Number(time)
    const [, sign, digits, startTime] =
      /^([+!-])([1-9]\d{0,9})(?: (\d{1,20}|\?))?$/.exec(line) ?? []
    const pid = Number(digits)
    if (sign === '-') {
      this.#instances.delete(pid)
      this.#hosts.delete(pid)
    } else if (startTime !== undefined) {
      const book = sign === '!' ? this.#hosts : this.#instances
      book.set(pid, startTime)
    }
  }
}

function alive(book: ReadonlyMap<number, string>, startTimeOf: StartTimeOf): number[] {
  const pids: number[] = []
  for (const [pid, recorded] of book) {
    const current = startTimeOf(pid)
    if (current === undefined) continue
    const comparable = recorded !== unknownStart && current !== unknownStart
    if (!comparable || recorded === current) pids.push(pid)
  }
  return pids
}
