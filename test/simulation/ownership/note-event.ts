/** What modes tell, as lines of the trace. */
import type { ModeEvent } from '../../../src/modes/mode.js'
import type { VirtualProcess } from './virtual-process.js'

/** Pings and memory say nothing here. */
const unworthy: ReadonlySet<ModeEvent['type']> = new Set(['slow', 'instances', 'envelope'])

export function noteEvent({ name, host }: VirtualProcess, event: ModeEvent): void {
  host.world.count(event.type)
  if (event.type === 'warning' && event.error.code === 'DM_LEASE_LOST') host.world.count('lapsed')
  if (!unworthy.has(event.type)) host.world.note(`${name}: ${shown(event)}`)
}

function shown(event: ModeEvent): string {
  switch (event.type) {
    case 'machine':
      return `${event.machine} is ${event.phase} ${event.error?.code ?? ''}`
    case 'instance':
      return `${event.machine}: instance ${event.event.instance} ${event.event.type}`
    case 'warning':
    case 'refused':
      return `${event.type} ${event.error.code} ${event.error.message}`
    case 'dial-failed':
      return `cannot reach ${event.machine}: ${event.error.code}`
    default:
      return event.type
  }
}
