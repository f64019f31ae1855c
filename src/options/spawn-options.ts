/** Checks of `processes`, `workers` and `clusters`: how instances on this machine are spawned. */
import type { ForkOptions } from 'node:child_process'
import type { WorkerOptions } from 'node:worker_threads'
import { argumentList, bool, type Check, integer, mapped, oneOf, text } from './checks.js'
import { localEnv, type Variables } from './env-check.js'
import { type Advice, type Fields, object, optional, withDefault } from './object-check.js'
import { onlyGiven } from './only-given.js'
import { path } from './path-check.js'
import type { RunOptions } from './resolved-options.js'
import type { ChildShardingModes } from './sharding-modes.js'

/** How the instances of one mode are spawned; what has no meaning in the mode stays empty. */
type SpawnSettings = Pick<RunOptions, 'env' | 'forkOptions' | 'spawnOptions'>

/** The three blocks after their check, whichever of them were given. */
export type SpawnSettingsByMode = Readonly<Record<ChildShardingModes, SpawnSettings>>

export const forkAdvice: Advice = {
  misplaced: {
    env: 'give variables in processes.env',
    stdio: 'the manager reads what instances print; see output',
    silent: 'the manager reads what instances print; see output',
    detached: 'instances must end with their manager',
    signal: 'instances are ended by stop() and kill()',
    timeout: 'instances run until they are stopped',
    killSignal: 'instances are asked first; see killTimeoutMs',
    shell: 'instances are forked without a shell',
    argv0: 'fork() has no such option; give execPath',
  },
}

export const workerAdvice: Advice = {
  misplaced: {
    env: 'give variables in workers.env',
    eval: 'instances run a file; give it in file',
    stdin: 'instances have no standard input',
    stdout: 'the manager reads what instances print; see output',
    stderr: 'the manager reads what instances print; see output',
    transferList: 'what is transferred goes to one worker only, and these options go to each',
  },
}

const id = integer(0, 0xffff_fffe)
const mebibytes: Check<number> = {
  allowed: 'a number of MiB above 0',
  read(given, at) {
    if (typeof given !== 'number') return at.expected('DM_OPTION_TYPE', this.allowed, given)
    const fits = Number.isFinite(given) && given > 0
    return fits ? given : at.expected('DM_OPTION_VALUE', this.allowed, given)
  },
}

const anything: Check<unknown> = { allowed: 'any value', read: (given) => given }

const workerArguments: Check<unknown[]> = {
  allowed: 'an array',
  read(given, at) {
    if (Array.isArray(given)) return Array.from<unknown>(given)
    return at.expectedHidden('DM_OPTION_TYPE', this.allowed, given)
  },
}

interface GivenForkOptions {
  readonly cwd: string | undefined
  readonly execPath: string | undefined
  readonly execArgv: string[] | undefined
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly serialization: 'json' | 'advanced' | undefined
  readonly windowsHide: boolean | undefined
  readonly windowsVerbatimArguments: boolean | undefined
}

const forkOptions = object<GivenForkOptions>(
  {
    cwd: optional(path),
    execPath: optional(text('the path or name of a Node.js executable')),
    execArgv: optional(argumentList),
    uid: optional(id),
    gid: optional(id),
    serialization: optional(oneOf(['json', 'advanced'])),
    windowsHide: optional(bool),
    windowsVerbatimArguments: optional(bool),
  },
  forkAdvice,
)

interface GivenResourceLimits {
  readonly maxOldGenerationSizeMb: number | undefined
  readonly maxYoungGenerationSizeMb: number | undefined
  readonly codeRangeSizeMb: number | undefined
  readonly stackSizeMb: number | undefined
}

const resourceLimits = object<GivenResourceLimits>({
  maxOldGenerationSizeMb: optional(mebibytes),
  maxYoungGenerationSizeMb: optional(mebibytes),
  codeRangeSizeMb: optional(mebibytes),
  stackSizeMb: optional(mebibytes),
})

interface GivenWorkerOptions {
  readonly argv: unknown[] | undefined
  readonly execArgv: string[] | undefined
  readonly workerData: unknown
  readonly resourceLimits: GivenResourceLimits | undefined
  readonly name: string | undefined
  readonly trackUnmanagedFds: boolean | undefined
}

const workerOptions = object<GivenWorkerOptions>(
  {
    argv: optional(workerArguments),
    execArgv: optional(argumentList),
    workerData: optional(anything),
    resourceLimits: optional(resourceLimits),
    name: optional(text('a name')),
    trackUnmanagedFds: optional(bool),
  },
  workerAdvice,
)

// Node.js does not take every option as `undefined`: what was not given is left out.
const noSettings: SpawnSettings = { env: {}, forkOptions: {}, spawnOptions: {} }

const processes = mapped(
  object<{ env: Variables; forkOptions: ForkOptions }>({
    env: withDefault(localEnv, {}),
    forkOptions: withDefault(mapped(forkOptions, onlyGiven), {}),
  }),
  (given): SpawnSettings => ({ ...noSettings, ...given }),
)

const workers = mapped(
  object<{ env: Variables; spawnOptions: WorkerOptions }>({
    env: withDefault(localEnv, {}),
    spawnOptions: withDefault(mapped(workerOptions, onlyGiven), {}),
  }),
  (given): SpawnSettings => ({ ...noSettings, ...given }),
)

const clusters = mapped(
  object<{ env: Variables }>({ env: withDefault(localEnv, {}) }),
  (given): SpawnSettings => ({ ...noSettings, ...given }),
)

/** The members `processes`, `workers` and `clusters`; each is used in its own mode alone. */
export const spawnFields: Fields<SpawnSettingsByMode> = {
  processes: withDefault(processes, noSettings),
  workers: withDefault(workers, noSettings),
  clusters: withDefault(clusters, noSettings),
}
