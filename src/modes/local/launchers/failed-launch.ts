/** What a launcher returns for an instance that never came to life. */
import { statSync } from 'node:fs'
import { MachinesError, toError } from '../../../errors.js'
import type { InstanceChannel } from '../../../instances/channel/instance-channel.js'
import type { LaunchedInstance, LaunchSpec } from '../launcher.js'
import { closedIpc } from './bot-ipc.js'

const closedChannel: InstanceChannel = {
  events: { frame() {}, close() {} },
  send: () => false,
  close() {},
  ref() {},
  unref() {},
}

function spawnError(spec: LaunchSpec, thrown: unknown): MachinesError {
  const cause = toError(thrown)
  return new MachinesError(
    'DM_INSTANCE_SPAWN',
    `instance ${spec.id} could not be created: ${cause.message}`,
    { cause, instance: spec.id, machine: spec.machine },
  )
}

/** An instance that has exited with DM_INSTANCE_SPAWN as soon as `reason` is known. */
export function failedLaunch(spec: LaunchSpec, reason: Promise<unknown>): LaunchedInstance {
  return {
    channel: { ...closedChannel },
    ipc: closedIpc(),
    pid: undefined,
    stdout: null,
    stderr: null,
    raw: undefined,
    exited: reason.then((thrown) => ({
      code: null,
      signal: null,
      error: spawnError(spec, thrown),
    })),
    kill() {},
  }
}

/**
 * Runs `launch`; whatever it throws becomes a failed launch.
 *
 * The file is looked at first, so that all three modes fail alike where it is missing: Node itself
 * would start a process, print a stack trace in its name and exit with 1.
 */
export function guardedLaunch(spec: LaunchSpec, launch: () => LaunchedInstance): LaunchedInstance {
  try {
    statSync(spec.run.file)
    return launch()
  } catch (thrown) {
    return failedLaunch(spec, Promise.resolve(thrown))
  }
}
