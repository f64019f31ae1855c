/** A machine as a mode reports it, with nothing of interest unless it is given. */
import type { MachineStatus } from '../../src/modes/mode.js'

export function machineStatus(given: Partial<MachineStatus> = {}): MachineStatus {
  return {
    name: 'm0',
    index: 0,
    phase: 'ready',
    mode: 'processes',
    pingMs: undefined,
    pingP50Ms: undefined,
    pingP99Ms: undefined,
    lagMs: undefined,
    error: undefined,
    instances: [],
    ...given,
  }
}
