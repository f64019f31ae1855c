/** Turns what a mode reports into the public events of a manager. */
import { MachinesError } from './errors.js'
import type { ShardingInstance } from './instances/sharding-instance.js'
import type { ShardingManagerEvents } from './manager-events.js'
import type { InstanceEvent } from './modes/local/fleet-types.js'
import { reportedError } from './modes/machines/reported-error.js'
import type { Mail } from './modes/mail.js'
import type { MachineStatus, ModeEvent } from './modes/mode.js'
import { publishPlacementEvent } from './publish-placement-event.js'
import { managerDebug } from './system/manager-debug.js'
import type { TypedEvents } from './system/typed-events.js'

const debug = managerDebug('discordoo:machines:manager')

const gatewayEvents = {
  disconnected: 'instanceDisconnect',
  reconnecting: 'instanceReconnecting',
  resumed: 'instanceResume',
} as const

type Publisher = TypedEvents<ShardingManagerEvents>

/** What publishing needs to look up. */
export interface PublishContext {
  instance(id: number): ShardingInstance | undefined
  machine(name: string): MachineStatus | undefined
}

export function publishModeEvent(to: Publisher, event: ModeEvent, context: PublishContext): void {
  switch (event.type) {
    case 'instance':
      publishInstanceEvent(to, event.event, context)
      break
    case 'machine':
      publishMachine(to, event, context)
      break
    case 'dial-failed': {
      const { machine, error, attempt, retryMs } = event
      if (attempt === 1 || to.listenerCount('dialFailed') > 0) {
        orWarn(to, to.emit('dialFailed', { machine, error, attempt, retryMs }), error)
      }
      break
    }
    case 'slow':
      to.emit('slowLink', { machine: event.machine, pingMs: event.pingMs })
      break
    case 'undelivered':
      orWarn(to, to.emit('undelivered', event.report), event.report.reason)
      break
    case 'refused':
      to.emit('refused', event.error)
      break
    case 'envelope': {
      const { envelope } = event
      context.instance(event.instance)?.ipc.emit('RAW', { envelope })
      break
    }
    case 'warning':
      warn(to, event.error)
      break
    case 'mail':
      if (event.mail.type === 'message') publishMessage(to, event.mail, context)
      break
    case 'moved':
    case 'machine-lost':
    case 'reassign-held': {
      const unheard = publishPlacementEvent(to, event)
      if (unheard) warn(to, unheard)
      break
    }
    case 'instances':
    case 'dismissed':
      break
  }
}

function publishMessage(
  to: Publisher,
  { message, instance }: Extract<Mail, { type: 'message' }>,
  context: PublishContext,
): void {
  const from = instance === undefined ? undefined : context.instance(instance)
  if (!to.emit('message', message, from)) debug('nobody listens to message')
}

function publishMachine(
  to: Publisher,
  { machine, error }: Extract<ModeEvent, { type: 'machine' }>,
  context: PublishContext,
): void {
  const status = context.machine(machine)
  const heard = status !== undefined && to.emit('machine', status)
  if (error && !heard) warn(to, error)
}

function publishInstanceEvent(to: Publisher, event: InstanceEvent, context: PublishContext): void {
  const instance = context.instance(event.instance)
  if (!instance) {
    debug('no handle for instance %d: %s is not published', event.instance, event.type)
    return
  }
  switch (event.type) {
    case 'spawned':
      to.emit('instanceSpawn', instance)
      break
    case 'ready':
      to.emit('instanceReady', instance)
      break
    case 'gateway':
      to.emit(gatewayEvents[event.state], instance)
      break
    case 'exited':
      to.emit('instanceExit', instance, event.exit)
      break
    case 'respawning':
      to.emit('instanceRespawn', instance, event.delayMs)
      break
    case 'crash-loop': {
      const message = `instance ${instance.id} on ${instance.machine} exited ${event.exits} times in a row and stays down until restart()`
      const error = new MachinesError('DM_INSTANCE_CRASH_LOOP', message, {
        instance: instance.id,
        machine: instance.machine,
      })
      orWarn(to, to.emit('crashLoop', instance, event.exits), error)
      break
    }
    case 'start-failed':
      to.emit(
        'instanceStartFailed',
        instance,
        reportedError(event, { instance: instance.id, machine: instance.machine }),
      )
      break
    case 'stopped':
      to.emit('instanceStop', instance)
      break
    case 'memory-limit':
      publishMemoryLimit(to, event, instance)
      break
    case 'respawn-held':
      if (event.isNews) warn(to, heldError(event, instance))
      break
    case 'memory':
      break
  }
}

function heldError(
  { delayMs, identifiesMax }: Extract<InstanceEvent, { type: 'respawn-held' }>,
  { id, machine }: ShardingInstance,
): MachinesError {
  const minutes = Math.ceil(delayMs / 60_000)
  const message =
    `machine ${machine} has used its ${identifiesMax} session starts of 24 hours: instances that ` +
    `exit stay down until there is room, instance ${id} for ${minutes} min; restart() does not wait`
  return new MachinesError('DM_RESPAWN_HELD', message, { instance: id, machine })
}

function publishMemoryLimit(
  to: Publisher,
  { memoryMb, limitMb }: Extract<InstanceEvent, { type: 'memory-limit' }>,
  instance: ShardingInstance,
): void {
  const { id, machine } = instance
  const message = `instance ${id} on ${machine} takes ${memoryMb} MiB, more than its ${limitMb}, and is restarted`
  const error = new MachinesError('DM_INSTANCE_MEMORY', message, { instance: id, machine })
  orWarn(to, to.emit('instanceMemory', instance, { memoryMb, limitMb }), error)
}

/** What nobody listens for must still be seen by somebody. */
function orWarn(to: Publisher, heard: boolean, error: MachinesError): void {
  if (!heard) warn(to, error)
}

function warn(to: Publisher, error: MachinesError): void {
  if (to.emit('warning', error)) return
  process.emitWarning(error.message, { type: 'DiscordooMachinesWarning', code: error.code })
}
