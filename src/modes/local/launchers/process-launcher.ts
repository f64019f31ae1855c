/** Processes mode: one child process per instance. */
import { fork } from 'node:child_process'
import type { System } from '../../../system/system.js'
import type { Launcher } from '../launcher.js'
import { Reaper } from '../reaper/reaper.js'
import { childInstance, childStdio } from './child-instance.js'
import { withPreload } from './exec-argv.js'
import { guardedLaunch } from './failed-launch.js'
import { instanceEnv } from './instance-env.js'

/** `run.forkOptions` apply, apart from env and stdio, which belong to the manager. */
export function processLauncher(system: System): Launcher {
  const reaper = new Reaper(system)
  return {
    mode: 'processes',
    launch: (spec) =>
      guardedLaunch(spec, () => {
        const { file, forkOptions, output } = spec.run
        const child = fork(file, [], {
          ...forkOptions,
          env: instanceEnv(process.env, spec, 'processes'),
          execArgv: withPreload(forkOptions.execArgv, process.execArgv),
          stdio: childStdio(output),
        })
        // What Node says to itself over the channel (a message with `cmd: 'NODE_…'`) is about handles,
        // which no manager sends; a bot that forges one would end the manager by an assertion.
        child.removeAllListeners('internalMessage')
        return childInstance(spec, child, child, reaper)
      }),
    settled: () => reaper.start(),
    lease: (killAt) => reaper.lease(killAt),
    close: () => reaper.close(),
  }
}
