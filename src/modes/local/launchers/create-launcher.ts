import type { ChildShardingModes } from '../../../options/sharding-modes.js'
import type { System } from '../../../system/system.js'
import type { Launcher } from '../launcher.js'
import { clusterLauncher } from './cluster-launcher.js'
import { processLauncher } from './process-launcher.js'
import { workerLauncher } from './worker-launcher.js'

const launchers: Readonly<Record<ChildShardingModes, (system: System) => Launcher>> = {
  processes: processLauncher,
  workers: workerLauncher,
  clusters: clusterLauncher,
}

/** The launcher of a mode. It holds nothing until its first launch. */
export function createLauncher(mode: ChildShardingModes, system: System): Launcher {
  return launchers[mode](system)
}
