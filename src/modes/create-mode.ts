/** Picks the mode that the options ask for. */
import type { IpcIds } from '../instances/ipc-ids.js'
import type { ResolvedOptions } from '../options/resolved-options.js'
import type { System } from '../system/system.js'
import { launchedFleet } from './local/launched-fleet.js'
import { LocalMode } from './local/local-mode.js'
import { ChildLinks } from './machines/child/child-links.js'
import { StateFolderMemory } from './machines/child/child-memory.js'
import { ChildMode } from './machines/child/child-mode.js'
import { ParentLinks } from './machines/parent/parent-links.js'
import { ParentMode } from './machines/parent/parent-mode.js'
import type { ManagerMode, ModeEvent } from './mode.js'

export function createMode(
  options: ResolvedOptions,
  system: System,
  onEvent: (event: ModeEvent) => void,
  ipcIds: IpcIds,
): ManagerMode {
  switch (options.kind) {
    case 'local':
      return new LocalMode(options, system, onEvent, ipcIds)
    case 'parent':
      return new ParentMode(options, new ParentLinks(options, system), system, onEvent)
    case 'child':
      return new ChildMode(
        options,
        new ChildLinks(options, system),
        system,
        onEvent,
        ipcIds,
        launchedFleet,
        new StateFolderMemory(options, system),
      )
  }
}
