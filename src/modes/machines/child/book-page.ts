/**
 * What a child manager writes down about the processes it has started, for its next start. Pure.
 *
 * A process is known by its id, its start time and the boot of the machine: an id alone may belong to
 * a stranger by then. A manager that still lives looks after its instances itself.
 */
import { limits } from '../../../limits.js'
import { type StartTimeOf, unknownStart } from '../../local/reaper/reaper-ledger.js'

/** A process, by what tells it from a later one with the same id. */
export interface BookedProcess {
  readonly pid: number
  /** In clock ticks since the boot; `?` where the system does not tell. */
  readonly startTime: string
}

export interface BookPage {
  readonly bootId: string | undefined
  readonly manager: BookedProcess
  /** Started, and not known to have exited. */
  readonly instances: readonly BookedProcess[]
}

const about =
  'The processes that a manager has started: at its next start it waits until they are gone.'

export function formatPage({ bootId, manager, instances }: BookPage): string {
  const content = {
    about,
    bootId: bootId ?? null,
    manager: pairOf(manager),
    instances: instances.map(pairOf),
  }
  return `${JSON.stringify(content)}\n`
}

/** Undefined for what `formatPage` has not written. */
export function parsePage(content: Readonly<Record<string, unknown>>): BookPage | undefined {
  const { bootId, manager, instances } = content
  const isBootId = bootId === null || (typeof bootId === 'string' && bootId.length <= 64)
  const by = processOf(manager)
  if (!isBootId || by === undefined || !Array.isArray(instances)) return undefined
  if (instances.length > limits.bookedInstancesMax) return undefined
  const processes = instances.map(processOf)
  const known = processes.filter((one) => one !== undefined)
  if (known.length < processes.length) return undefined
  return { bootId: bootId ?? undefined, manager: by, instances: known }
}

/** Whether the process that was booked still runs; `perhaps` where the system cannot tell. */
export function lives(
  { pid, startTime }: BookedProcess,
  startTimeOf: StartTimeOf,
): boolean | 'perhaps' {
  const current = startTimeOf(pid)
  if (current === undefined) return false
  if (current === unknownStart || startTime === unknownStart) return 'perhaps'
  return current === startTime
}

/** A process as it is booked; undefined when there is none with this id. */
export function bookedAs(pid: number, startTimeOf: StartTimeOf): BookedProcess | undefined {
  const startTime = startTimeOf(pid)
  return startTime === undefined ? undefined : { pid, startTime }
}

function pairOf({ pid, startTime }: BookedProcess): [number, string] {
  return [pid, startTime]
}

function processOf(value: unknown): BookedProcess | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [pid, startTime]: unknown[] = value
  // 0 and below stand for groups of processes, and 1 is nobody's instance.
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return undefined
  if (typeof startTime !== 'string' || !/^(?:\d{1,20}|\?)$/.test(startTime)) return undefined
  return { pid, startTime }
}
