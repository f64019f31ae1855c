/** Finds the channel that the launcher left for this process or thread. */
import type { MessagePort as Port } from 'node:worker_threads'
import { MachinesError } from '../errors.js'
import {
  type InstanceChannel,
  type InstanceIdentity,
  identityVariable,
} from '../instances/channel/instance-channel.js'
import { channelVariable, parseIdentity } from '../instances/channel/instance-identity.js'
import { portChannel, portMarker } from '../instances/channel/port-channel.js'
import { channelFd, socketChannel } from '../instances/channel/socket-channel.js'
import { loadNet, loadWorkerThreads } from './lazy-builtins.js'

export interface TakenChannel {
  readonly identity: InstanceIdentity
  readonly channel: InstanceChannel
}

/** The port is the first message of all, so whatever the bot's own parent sends stays untouched. */
function takePort(): Port {
  const { MessagePort, parentPort, receiveMessageOnPort } = loadWorkerThreads()
  const received: unknown = parentPort === null ? undefined : receiveMessageOnPort(parentPort)
  const { message } = (received ?? {}) as { message?: Record<string, unknown> }
  const port = message?.[portMarker]
  if (port instanceof MessagePort) return port
  throw new MachinesError('DM_CHANNEL_PROTOCOL', 'the worker got no channel from its manager')
}

/**
 * The identity and channel of this instance, once; undefined in everything that is not an instance,
 * such as processes and workers that a bot starts by itself: they inherit the preload.
 */
export function takeChannel(env: NodeJS.ProcessEnv): TakenChannel | undefined {
  const kind = env[channelVariable]
  const text = env[identityVariable]
  if (text === undefined || (kind !== 'fd' && kind !== 'port')) return undefined
  // Before anything of the bot runs, so nothing that it starts finds it.
  delete env[channelVariable]
  const identity = parseIdentity(text)
  return { identity, channel: kind === 'fd' ? openSocket() : portChannel(takePort()) }
}

function openSocket(): InstanceChannel {
  const { Socket } = loadNet()
  return socketChannel(new Socket({ fd: channelFd, readable: true, writable: true }))
}
