/** A machine with made-up processes. */
import type { MachineProcesses } from '../../../../../src/modes/machines/child/machine-processes.js'

export class FakeProcesses implements MachineProcesses {
  bootId: string | undefined = 'boot-1'
  self = 100
  /** Start time by process id. */
  readonly running = new Map<number, string>([[100, '5000']])
  readonly killed: number[] = []
  /** These do not end when they are killed. */
  readonly immortal = new Set<number>()

  readonly startTimeOf = (pid: number): string | undefined => this.running.get(pid)

  kill(pid: number): void {
    this.killed.push(pid)
    if (!this.immortal.has(pid)) this.running.delete(pid)
  }
}
