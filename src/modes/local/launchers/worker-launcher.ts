/** Workers mode: one worker thread per instance. */
import { MessageChannel, Worker, type WorkerOptions } from 'node:worker_threads'
import { toError } from '../../../errors.js'
import { portChannel, portMarker } from '../../../instances/channel/port-channel.js'
import { discordJsWorkerData } from '../../../instances/dialects/discordjs/discordjs-env.js'
import type { System } from '../../../system/system.js'
import { mayBe } from '../dialects.js'
import {
  dialectSpecOf,
  type InstanceExit,
  type LaunchedInstance,
  type Launcher,
  type LaunchSpec,
} from '../launcher.js'
import { Reaper } from '../reaper/reaper.js'
import { workerIpc } from './bot-ipc.js'
import { withPreload } from './exec-argv.js'
import { guardedLaunch } from './failed-launch.js'
import { instanceEnv } from './instance-env.js'
import { WorkerLease } from './worker-lease.js'

function create(spec: LaunchSpec, execArgv: readonly string[] | undefined): Worker {
  const { spawnOptions } = spec.run
  const env = instanceEnv(process.env, spec, 'workers')
  const options: WorkerOptions = {
    ...spawnOptions,
    workerData: workerDataFor(spec, env),
    env,
    execArgv: withPreload(execArgv, process.execArgv),
    stdin: false,
    stdout: true,
    stderr: true,
  }
  return new Worker(spec.run.file, options)
}

/** Where it is sure to be a discord.js bot, its variables are data too, as its own manager does it. */
function workerDataFor(spec: LaunchSpec, env: NodeJS.ProcessEnv): unknown {
  const { spawnOptions, dialect } = spec.run
  if (!mayBe(dialect, 'discord.js')) return spawnOptions.workerData
  const data: unknown = spawnOptions.workerData ?? (dialect === 'discord.js' ? env : undefined)
  return discordJsWorkerData(dialectSpecOf(spec), data)
}

/**
 * Arguments of the user are taken as they are and may be refused. Those inherited from the manager
 * may name things that a thread cannot have (`--max-old-space-size`, `--inspect`); there is no list
 * of them, so Node is asked, and the instance goes without inherited arguments if it refuses.
 */
function createWorker(spec: LaunchSpec): Worker {
  const { execArgv } = spec.run.spawnOptions
  try {
    return create(spec, execArgv)
  } catch (thrown) {
    const { code } = toError(thrown) as NodeJS.ErrnoException
    if (execArgv !== undefined || code !== 'ERR_WORKER_INVALID_EXEC_ARGV') throw thrown
    return create(spec, [])
  }
}

function exitOf(worker: Worker): Promise<InstanceExit> {
  let error: Error | undefined
  // Without a listener an uncaught error of the bot would be one of the manager.
  worker.on('error', (thrown: unknown) => {
    error = toError(thrown)
  })
  return new Promise((resolve) => {
    worker.once('exit', (code) =>
      resolve({ code, signal: null, ...(error === undefined ? {} : { error }) }),
    )
  })
}

function launch(spec: LaunchSpec): LaunchedInstance {
  const worker = createWorker(spec)
  const { port1, port2 } = new MessageChannel()
  worker.postMessage({ [portMarker]: port2 }, [port2])
  const exited = exitOf(worker)
  const channel = portChannel(port1)
  // The worker itself keeps the manager alive; its port must not do so after it has gone.
  channel.unref()
  return {
    channel,
    ipc: workerIpc(worker),
    pid: undefined,
    stdout: worker.stdout,
    stderr: worker.stderr,
    raw: worker,
    exited,
    kill: () => void worker.terminate(),
  }
}

/** `run.spawnOptions` apply, apart from env and stdio, which belong to the manager. */
export function workerLauncher(system: System): Launcher {
  // Threads end with their process, however it ends: only a lease gives it something to do.
  const reaper = new Reaper(system)
  const lease = new WorkerLease(reaper)
  return {
    mode: 'workers',
    launch: (spec) =>
      guardedLaunch(spec, () => {
        const launched = launch(spec)
        lease.started(launched.exited)
        return launched
      }),
    lease: (killAt) => lease.lease(killAt),
    close: () => reaper.close(),
  }
}
