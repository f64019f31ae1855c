/**
 * The bot API as one piece: what bundlers take for `discordoo-machines/bot`, by the condition `module`
 * of package.json. They put the code of a bot into one file, beside which there is no other to load.
 */
import { realSystem } from '../system/system.js'
import type { Bot } from './bot.js'
import { obtainBot } from './obtain-bot.js'
import { Talk } from './talk.js'

/** This instance. */
export const bot: Bot = obtainBot(globalThis, realSystem, (options) => new Talk(options))

export { MachinesError } from '../errors.js'
