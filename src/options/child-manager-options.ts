/** `childManagerOptions`: what a parent hands to a machine, checked on the parent's side. */
import type { ShardSelection } from '../allocator/shard-lists.js'
import { argumentList, type Check, mapped, text } from './checks.js'
import { childMode, count, shardsOrNone } from './common-fields.js'
import { pushedEnv, type Variables } from './env-check.js'
import { type Advice, object, optional, withDefault } from './object-check.js'
import { onlyGiven } from './only-given.js'
import type { PushedOptions } from './resolved-options.js'
import { type GivenPolicy, policyFields } from './run-options.js'
import type { ChildShardingModes } from './sharding-modes.js'
import { forkAdvice, workerAdvice } from './spawn-options.js'

const onChild = 'it does not travel to another machine; set it in the options of the child'

/** What one block (`processes`, `workers`, `clusters`) sends along. */
type PushedSpawn = Pick<PushedOptions, 'env' | 'execArgv' | 'cwd'>

interface GivenFork {
  readonly cwd: string | undefined
  readonly execArgv: string[] | undefined
}

const travellingForkOptions = object<GivenFork>(
  {
    // A folder of the other machine, so it is neither resolved nor looked for here.
    cwd: optional(text('the path of a folder on the child')),
    execArgv: optional(argumentList),
  },
  staysHere(forkAdvice, [
    'execPath',
    'uid',
    'gid',
    'serialization',
    'windowsHide',
    'windowsVerbatimArguments',
  ]),
)

const travellingSpawnOptions = object<Pick<GivenFork, 'execArgv'>>(
  { execArgv: optional(argumentList) },
  staysHere(workerAdvice, ['argv', 'workerData', 'resourceLimits', 'name', 'trackUnmanagedFds']),
)

const processes = mapped(
  object<{ env: Variables | undefined; forkOptions: GivenFork | undefined }>({
    env: optional(pushedEnv),
    forkOptions: optional(travellingForkOptions),
  }),
  ({ env, forkOptions }): PushedSpawn => onlyGiven({ env, ...forkOptions }),
)

const workers = mapped(
  object<{ env: Variables | undefined; spawnOptions: Pick<GivenFork, 'execArgv'> | undefined }>({
    env: optional(pushedEnv),
    spawnOptions: optional(travellingSpawnOptions),
  }),
  ({ env, spawnOptions }): PushedSpawn => onlyGiven({ env, ...spawnOptions }),
)

const clusters = mapped(
  object<{ env: Variables | undefined }>({ env: optional(pushedEnv) }),
  ({ env }): PushedSpawn => onlyGiven({ env }),
)

interface GivenChildManager extends GivenPolicy, Readonly<Record<ChildShardingModes, PushedSpawn>> {
  readonly mode: ChildShardingModes
  readonly shards: ShardSelection | undefined
  readonly shardsPerInstance: number | undefined
  readonly file: string | undefined
}

/** `childManagerOptions` after the check: the part about shards, and the part that travels. */
export interface ChildManager {
  readonly shards: ShardSelection | undefined
  readonly shardsPerInstance: number | undefined
  readonly pushed: PushedOptions
}

const childManagerShape = object<GivenChildManager>(
  {
    mode: withDefault(childMode, 'processes'),
    shards: optional(shardsOrNone),
    shardsPerInstance: optional(count),
    file: optional(text('the path of a file on the child')),
    processes: withDefault(processes, {}),
    workers: withDefault(workers, {}),
    clusters: withDefault(clusters, {}),
    ...policyFields,
  },
  {
    misplaced: {
      machines: 'a child has no machines of its own',
      totalShards: 'it is the same for all machines; give it beside machines',
      output: onChild,
      signals: onChild,
      callTimeoutMs: 'it is the same for all machines; give it beside machines',
    },
    aliases: { env: 'give variables in processes.env, workers.env or clusters.env' },
  },
)

export const childManagerOptions: Check<ChildManager> = mapped(childManagerShape, (given) => {
  const { mode, file, startTimeoutMs, startConcurrency, killTimeoutMs } = given
  const { respawn, dialect, maxMemoryMb } = given
  const times = { startTimeoutMs, startConcurrency, killTimeoutMs }
  return {
    shards: given.shards,
    shardsPerInstance: given.shardsPerInstance,
    pushed: {
      mode,
      ...given[mode],
      ...onlyGiven({ file, ...times, respawn, dialect, maxMemoryMb }),
    },
  }
})

/** The advice for options that exist, plus those that would work on one machine only. */
function staysHere(advice: Advice, names: readonly string[]): Advice {
  const travelling = Object.fromEntries(names.map((name) => [name, onChild]))
  return { ...advice, misplaced: { ...advice.misplaced, ...travelling } }
}
