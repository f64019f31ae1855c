/** A fleet with the launcher of its mode. */
import { createFleet } from './fleet.js'
import type { Fleet, FleetOptions } from './fleet-types.js'
import { createLauncher } from './launchers/create-launcher.js'

/** Makes the fleet of a plan; tests put one without processes in its place. */
export type FleetFactory = (options: FleetOptions) => Fleet

export function launchedFleet(options: FleetOptions): Fleet {
  return createFleet(createLauncher(options.run.mode, options.system), options)
}
