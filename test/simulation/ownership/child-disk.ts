/**
 * The state folder of a child on a virtual disk: which epochs its parents had, and which instances it
 * has started. It does what `child-memory.ts`, `epoch-marks.ts` and `instance-book.ts` do with files;
 * the real watch waits for the instances of a former start.
 */

import type { InstanceEvent } from '../../../src/modes/local/fleet-types.js'
import type { ChildMemory } from '../../../src/modes/machines/child/child-memory.js'
import { FormerWatch } from '../../../src/modes/machines/child/former-watch.js'
import type { VirtualProcess } from './virtual-process.js'

const lookEveryMs = 50

/** Nothing gives the same pid twice. */
const startTime = '1'

interface Page {
  readonly boot: number
  readonly pids: readonly number[]
}

export class ChildDisk implements ChildMemory {
  readonly epochs: ChildMemory['epochs']
  readonly formerGone: Promise<void>
  readonly #process: VirtualProcess
  readonly #own = new Map<number, number>()
  #former: readonly number[] = []
  #over: () => void = () => {}

  constructor(process: VirtualProcess) {
    this.#process = process
    this.epochs = epochsOn(process.host.disk)
    this.formerGone = new Promise((resolve) => {
      this.#over = resolve
    })
  }

  open(): void {}

  serving(): void {
    const { host } = this.#process
    const page: Page = JSON.parse(host.disk.get('instances') ?? '{"boot":-1,"pids":[]}')
    this.#former = page.boot === host.boot ? page.pids : []
    this.#write()
    const booked = this.#former.map((pid) => ({ pid, startTime }))
    const watch = new FormerWatch(booked, this.#process.now())
    const startTimeOf = (pid: number) => (host.find(pid) ? startTime : undefined)
    const look = () => {
      const { kill, isOver } = watch.look(this.#process.now(), startTimeOf)
      for (const pid of kill) host.find(pid)?.die('kill')
      if (!isOver) this.#process.setTimer(lookEveryMs, look)
      else {
        this.#former = []
        this.#write()
        this.#over()
      }
    }
    look()
  }

  happened(event: InstanceEvent): void {
    if (event.type === 'spawned' && event.pid !== undefined) {
      this.#own.set(event.instance, event.pid)
      this.#write()
    }
    if (event.type === 'exited' && this.#own.delete(event.instance)) this.#write()
  }

  close(): void {
    this.#over()
  }

  #write(): void {
    const { boot, disk } = this.#process.host
    disk.set('instances', JSON.stringify({ boot, pids: [...this.#former, ...this.#own.values()] }))
  }
}

function epochsOn(disk: Map<string, string>): ChildMemory['epochs'] {
  const read = (): Record<string, number> => JSON.parse(disk.get('epochs') ?? '{}')
  return {
    of: (parent) => read()[parent],
    enter: (parent, epoch) => {
      const epochs = read()
      if ((epochs[parent] ?? 0) < epoch)
        disk.set('epochs', JSON.stringify({ ...epochs, [parent]: epoch }))
    },
    forget: () => disk.delete('epochs'),
  }
}
