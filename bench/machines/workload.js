/** What a bot does when the bench tells it to measure; shared by the bots of all contenders. */
import { inFlight } from '../lib/load.js'

/**
 * @param {Record<string, () => Promise<unknown>>} calls what this bot can do, by name
 * @returns {(what: { call: string, load: number, ms: number }) => Promise<object>}
 */
export function workload(calls) {
  return async ({ call, load, ms }) => {
    const work = calls[call]
    if (work === undefined) throw new Error(`this bot has no call ${call}`)
    return inFlight(work, load, ms)
  }
}

/** Throws unless every instance has answered with its number. @param {unknown} answers @param {number} count */
export function checkAnswers(answers, count) {
  const flat = Array.isArray(answers) ? answers.flat() : []
  if (flat.length !== count || flat.some((answer) => typeof answer !== 'number')) {
    throw new Error(`${count} instances were asked, and answered ${JSON.stringify(answers)}`)
  }
}
