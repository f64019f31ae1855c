/** Clusters mode: one worker of `node:cluster` per instance. */
import cluster, { type ClusterSettings } from 'node:cluster'
import { fileURLToPath } from 'node:url'
import type { System } from '../../../system/system.js'
import type { Launcher, LaunchSpec } from '../launcher.js'
import { Reaper } from '../reaper/reaper.js'
import { childInstance, childStdio } from './child-instance.js'
import { withPreload } from './exec-argv.js'
import { guardedLaunch } from './failed-launch.js'
import { instanceEnv, secretVariable } from './instance-env.js'

/**
 * The settings of `node:cluster` are global and each call keeps what it is not given, so every
 * field is given each time, also as undefined, right before the fork it is meant for.
 */
function settingsFor({ run }: LaunchSpec): ClusterSettings {
  const { cwd, serialization, uid, gid } = run.forkOptions
  return {
    exec: run.file,
    args: [],
    execArgv: withPreload(run.forkOptions.execArgv, process.execArgv),
    stdio: childStdio(run.output),
    cwd: cwd instanceof URL ? fileURLToPath(cwd) : (cwd ?? process.cwd()),
    serialization: serialization ?? 'json',
    uid,
    gid,
  }
}

/** Of `run.forkOptions`, those apply that `node:cluster` knows: cwd, execArgv, serialization, uid, gid. */
export function clusterLauncher(system: System): Launcher {
  const reaper = new Reaper(system)
  return {
    mode: 'clusters',
    launch: (spec) =>
      guardedLaunch(spec, () => {
        cluster.setupPrimary(settingsFor(spec))
        // cluster.fork lays its variables over those of the manager: leaving out is not enough.
        const env = { ...instanceEnv(process.env, spec, 'clusters'), [secretVariable]: undefined }
        const worker = cluster.fork(env)
        // The worker repeats errors of its process, which childInstance deals with.
        worker.on('error', () => {})
        return childInstance(spec, worker.process, worker, reaper)
      }),
    settled: () => reaper.start(),
    lease: (killAt) => reaper.lease(killAt),
    close: () => reaper.close(),
  }
}
