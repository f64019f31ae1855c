/** A child process as a launched instance; processes and clusters share it. */
import type { ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'
import { socketChannel } from '../../../instances/channel/socket-channel.js'
import type { OutputMode } from '../../../options/resolved-options.js'
import type { InstanceExit, LaunchedInstance, LaunchSpec } from '../launcher.js'
import type { Reaper } from '../reaper/reaper.js'
import { childIpc } from './bot-ipc.js'
import { failedLaunch } from './failed-launch.js'

/**
 * Output through pipes, Node's ipc left to the bot, our socket pair on file descriptor 4. Output that
 * nobody wants goes nowhere: reading it in order to forget it would cost two sockets an instance.
 */
export function childStdio(output: OutputMode): Array<'ignore' | 'pipe' | 'ipc'> {
  const stream = output === 'ignore' ? 'ignore' : 'pipe'
  return ['ignore', stream, stream, 'ipc', 'pipe']
}

/** `spawn` reports most faults by an event and a process without a pid, not by throwing. */
function spawnFault(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('error', resolve))
}

function exitOf(child: ChildProcess): Promise<InstanceExit> {
  // Later errors are failed kills and sends to a process that is gone; its exit says enough.
  child.on('error', () => {})
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}

/** Takes over a child that was just forked with {@link childStdio}. */
export function childInstance(
  spec: LaunchSpec,
  child: ChildProcess,
  raw: unknown,
  reaper: Reaper,
): LaunchedInstance {
  const { pid, stdout, stderr } = child
  const socket = child.stdio?.[4]
  if (pid === undefined || !(socket instanceof Socket)) {
    return failedLaunch(spec, spawnFault(child))
  }
  const exited = exitOf(child)
  reaper.watch(pid)
  void exited.then(() => reaper.unwatch(pid))
  return {
    channel: socketChannel(socket),
    ipc: childIpc(child),
    pid,
    stdout,
    stderr,
    raw,
    exited,
    kill: (signal) => void child.kill(signal),
  }
}
