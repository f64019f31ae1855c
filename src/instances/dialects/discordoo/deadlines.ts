/** How long who waits for whom. */
import { limits } from '../../../limits.js'

/** A discordoo bot gives up on an answer after these; they cannot be configured. */
const botWaitsMs = 60_000
const botWaitsForMembersMs = 100_000

/** What the network gets of that at most: the bot must still hear who did not answer. */
export const askTimeoutMsMax: number = botWaitsMs - limits.botAnswerMarginMs
export const askMembersTimeoutMs: number = botWaitsForMembersMs - limits.botAnswerMarginMs
