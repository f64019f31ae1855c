/** The one `Bot` of an instance, however many copies of this package the bot loads. */
import { MachinesError } from '../errors.js'
import type { System } from '../system/system.js'
import { Bot } from './bot.js'
import type { InstanceRuntime } from './instance-runtime.js'
import { runtimeSymbol } from './instance-runtime.js'
import { createLoneRuntime } from './lone-runtime.js'
import type { NewTalk } from './talk.js'

/** The number changes with the shape of `Bot`: copies that differ in it do not share one. */
const botSymbol: unique symbol = Symbol.for('discordoo-machines.bot.1')

/** What the preload and other copies of this package leave on `globalThis`. */
export interface Globals {
  [runtimeSymbol]?: unknown
  [botSymbol]?: Bot
}

/**
 * Gives the bot that another copy has made already, else attaches a new one to the manager's runtime,
 * else makes a lone one. Throws DM_STATE when the manager speaks another version.
 */
export function obtainBot(globalObject: object, system: System, newTalk: NewTalk): Bot {
  const globals: Globals = globalObject
  const existing = globals[botSymbol]
  if (existing !== undefined) return existing
  const runtime = globals[runtimeSymbol]
  const bot =
    runtime === undefined
      ? new Bot(createLoneRuntime(system), false, system, newTalk)
      : new Bot(checked(runtime), true, system, newTalk)
  globals[botSymbol] = bot
  return bot
}

function checked(runtime: unknown): InstanceRuntime {
  if (isRuntime(runtime)) return runtime
  throw new MachinesError(
    'DM_STATE',
    'the manager of this instance runs another version of discordoo-machines than the bot: install the same one for both',
  )
}

function isRuntime(value: unknown): value is InstanceRuntime {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === 1
}
