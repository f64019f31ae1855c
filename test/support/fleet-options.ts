/** What a fleet needs and most tests do not look at. */
import { IpcIds } from '../../src/instances/ipc-ids.js'
import type { FleetOptions } from '../../src/modes/local/fleet-types.js'
import { VirtualSystem } from './virtual-system.js'

export const quietFleet: Pick<
  FleetOptions,
  'onNotTaken' | 'onUndelivered' | 'onWarning' | 'instanceCount' | 'hasShard' | 'ipcIds'
> = {
  onNotTaken() {},
  onUndelivered() {},
  onWarning() {},
  instanceCount: () => 0,
  hasShard: () => false,
  ipcIds: new IpcIds(new VirtualSystem(1)),
}
