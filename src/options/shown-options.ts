/** The options of a manager as it shows them to others. */
import type { ShardingManagerOptions } from './options.js'

/** Leaves the secret out: whoever prints a manager, or an instance with it, must not print that. */
export function shownOptions(options: ShardingManagerOptions): ShardingManagerOptions {
  if (options.machines === undefined) return options
  const machines = { ...options.machines }
  delete machines.secret
  return { ...options, machines }
}
