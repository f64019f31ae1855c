/** The child's side of what a parent pushed: checked as the untrusted input it is. */
import { resolve } from 'node:path'
import { MachinesError } from '../errors.js'
import { argumentList, duration, mapped, text } from './checks.js'
import { count, localMode } from './common-fields.js'
import { pushedEnv, type Variables } from './env-check.js'
import { object, optional, required } from './object-check.js'
import { onlyGiven } from './only-given.js'
import type { OptionsEnvironment } from './options-environment.js'
import { file } from './path-check.js'
import { Place } from './place.js'
import type {
  AcceptPolicy,
  DialectOption,
  ResolvedChild,
  RespawnPolicy,
  RunOptions,
} from './resolved-options.js'
import { dialect, maxMemoryMb, respawnPolicy } from './run-options.js'
import type { ChildShardingModes } from './sharding-modes.js'

/** PushedOptions after the check. */
interface GivenPush {
  readonly mode: ChildShardingModes
  readonly file: string | undefined
  readonly env: Variables | undefined
  readonly execArgv: string[] | undefined
  readonly cwd: string | undefined
  readonly startTimeoutMs: number | undefined
  readonly startConcurrency: number | undefined
  readonly killTimeoutMs: number | undefined
  readonly respawn: RespawnPolicy | undefined
  readonly dialect: DialectOption | undefined
  readonly maxMemoryMb: number | undefined
}

const pushShape = object<GivenPush>({
  mode: required(localMode),
  file: optional(text('a path')),
  env: optional(pushedEnv),
  execArgv: optional(argumentList),
  cwd: optional(text('a path')),
  startTimeoutMs: optional(duration(1)),
  startConcurrency: optional(count),
  killTimeoutMs: optional(duration(0)),
  respawn: optional(respawnPolicy),
  dialect: optional(dialect),
  maxMemoryMb: optional(maxMemoryMb),
})

/**
 * Puts what a parent pushed over the child's own settings for the mode that the parent chose.
 *
 * `pushed` is JSON as it came over the wire. Throws DM_ASSIGNMENT_REFUSED, with the path of the
 * option as the parent's user wrote it, for what is malformed, for what `machines.accept` does not
 * allow, for variables that may not travel, for clusters on Windows, and for a file that is missing.
 */
export function applyPush(
  child: Pick<ResolvedChild, 'runs' | 'accept'>,
  pushed: unknown,
  environment: OptionsEnvironment,
): RunOptions {
  const at = Place.root(environment, 'childManagerOptions')
  const accepted = mapped(pushShape, (given, place) => {
    refuseUnaccepted(given, child.accept, place)
    refuseMeaningless(given, place)
    return given
  })
  // The file is looked for last: a parent that may not push one must not learn which files exist.
  const given = mapped(accepted, withFile).read(pushed, at)
  const fault = at.summary()
  if (given === undefined || fault !== undefined) throw refusal(fault)
  return merge(child.runs[given.mode], given, environment)
}

const acceptable = ['file', 'env', 'execArgv', 'cwd'] as const

function refuseUnaccepted(given: GivenPush, accept: AcceptPolicy, at: Place): void {
  for (const name of acceptable) {
    if (given[name] === undefined || accept[name]) continue
    placeOf(name, given.mode, at).fault(
      'DM_ASSIGNMENT_REFUSED',
      `the child does not take ${name} from its parent; leave it out, or set ` +
        `machines.accept.${name}: true on the child`,
    )
  }
}

function refuseMeaningless({ mode, execArgv, cwd }: GivenPush, at: Place): void {
  const refuse = (name: 'cwd' | 'execArgv') =>
    placeOf(name, mode, at).fault('DM_ASSIGNMENT_REFUSED', `it has no meaning in mode '${mode}'`)
  if (cwd !== undefined && mode !== 'processes') refuse('cwd')
  if (execArgv !== undefined && mode === 'clusters') refuse('execArgv')
}

/** The path that the user of the parent wrote, which is deeper than the one on the wire. */
function placeOf(name: (typeof acceptable)[number], mode: ChildShardingModes, at: Place): Place {
  if (name === 'file') return at.child('file')
  if (name === 'env') return at.child(mode).child('env')
  const block = mode === 'workers' ? 'spawnOptions' : 'forkOptions'
  return at.child(mode).child(block).child(name)
}

function withFile(given: GivenPush, at: Place): GivenPush | undefined {
  if (given.file === undefined) return given
  const absolute = file.read(given.file, at.child('file'))
  return absolute === undefined ? undefined : { ...given, file: absolute }
}

function merge(own: RunOptions, given: GivenPush, environment: OptionsEnvironment): RunOptions {
  const { mode, env, execArgv, cwd, ...others } = given
  const folder = cwd === undefined ? undefined : resolve(environment.cwd, cwd)
  const forFork = mode === 'processes' ? onlyGiven({ execArgv, cwd: folder }) : {}
  const forWorker = mode === 'workers' ? onlyGiven({ execArgv }) : {}
  return {
    ...own,
    ...onlyGiven(others),
    env: { ...own.env, ...env },
    forkOptions: { ...own.forkOptions, ...forFork },
    spawnOptions: { ...own.spawnOptions, ...forWorker },
  }
}

function refusal(fault: MachinesError | undefined): MachinesError {
  const { message = 'it cannot be read', path, given, allowed } = fault ?? {}
  return new MachinesError('DM_ASSIGNMENT_REFUSED', `the child refuses ${message}`, {
    ...onlyGiven({ path, given, allowed, cause: fault }),
  })
}
