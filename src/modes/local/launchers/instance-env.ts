/** The environment of one instance. Pure. */

import { formatShards } from '../../../allocator/shard-lists.js'
import {
  type InstanceIdentity,
  identityVariable,
} from '../../../instances/channel/instance-channel.js'
import { type ChannelKind, channelVariable } from '../../../instances/channel/instance-identity.js'
import { dialectEnv } from '../dialects.js'
import { dialectSpecOf, type Launcher, type LaunchSpec } from '../launcher.js'

/** The manager proves itself with it; a bot, and whoever breaks into a bot, has no use for it. */
export const secretVariable = 'DISCORDOO_MACHINES_SECRET'

function identityOf(spec: LaunchSpec, mode: Launcher['mode']): InstanceIdentity {
  return {
    version: 1,
    instance: spec.id,
    shards: formatShards(spec.shards),
    totalShards: spec.totalShards,
    machine: spec.machine,
    mode,
    callTimeoutMs: spec.callTimeoutMs,
  }
}

/** The manager's variables without its secret, the user's on top, ours on top of these. */
export function instanceEnv(
  managerEnv: NodeJS.ProcessEnv,
  spec: LaunchSpec,
  mode: Launcher['mode'],
): NodeJS.ProcessEnv {
  const kind: ChannelKind = mode === 'workers' ? 'port' : 'fd'
  const env: NodeJS.ProcessEnv = {
    ...managerEnv,
    ...spec.run.env,
    ...dialectEnv(spec.run.dialect, dialectSpecOf(spec)),
    [identityVariable]: JSON.stringify(identityOf(spec, mode)),
    [channelVariable]: kind,
  }
  delete env[secretVariable]
  return env
}
