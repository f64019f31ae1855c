/** What a discordoo bot looks for in its environment. */
import type { DialectSpec } from '../dialect.js'

/** The three variables that turn on the sharding mode of discordoo 0.12.5. */
export function discordooEnv(spec: DialectSpec): Record<string, string> {
  return {
    SHARDING_MANAGER_IPC: spec.managerIpcId,
    SHARDING_INSTANCE_IPC: spec.instanceIpcId,
    SHARDING_INSTANCE: String(spec.instance),
  }
}
