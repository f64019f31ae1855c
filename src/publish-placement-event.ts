/** Turns what a parent reports of shards and their machines into the public events of a manager. */
import { formatShards } from './allocator/shard-lists.js'
import { MachinesError } from './errors.js'
import type { ShardingManagerEvents } from './manager-events.js'
import type { PlacementEvent, ReassignHeld } from './modes/placement-events.js'
import type { TypedEvents } from './system/typed-events.js'

/** Returns what somebody has to be told who listens to nothing but warnings, if anything. */
export function publishPlacementEvent(
  to: TypedEvents<ShardingManagerEvents>,
  event: PlacementEvent,
): MachinesError | undefined {
  switch (event.type) {
    case 'moved': {
      const { moves, reason } = event
      to.emit('shardsMoved', { moves, reason })
      return undefined
    }
    case 'machine-lost': {
      // Without a listener the phase `lost` of the machine has been a warning already.
      const { machine, policy, shards, inMs } = event
      to.emit('machineLost', { machine, policy, shards, ...(inMs === undefined ? {} : { inMs }) })
      return undefined
    }
    case 'reassign-held': {
      const { machine, why, shards } = event
      const isHeard = to.emit('reassignHeld', { machine, why, shards })
      return isHeard ? undefined : heldError({ machine, why, shards })
    }
  }
}

const reasons: Readonly<Record<ReassignHeld['why'], string>> = {
  'no-majority': 'this parent reaches no majority of the machines and itself',
  'round-full': 'enough was given away for now; the next round comes by itself',
  'no-room': 'no machine that can be reached may take them',
}

function heldError({ machine, why, shards }: ReassignHeld): MachinesError {
  const ranges = formatShards(shards)
  const shown = ranges.length > 80 ? `${shards.length} shards` : `shards ${ranges}`
  const message = `${shown} of ${machine}, which is lost, are not given to others: ${reasons[why]}`
  return new MachinesError('DM_REASSIGN_HELD', message, { machine })
}
