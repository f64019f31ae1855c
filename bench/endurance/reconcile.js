/** What became of each message, from what its sender and its receiver say. */

/** What a bot reports. @typedef {{ id: number, requests: any, sender: any, receiver: any }} Report */

/**
 * @param {object} sender
 * @param {number} sender.sent numbers 0 to sent - 1 were sent
 * @param {readonly number[]} sender.undelivered numbers that were reported to it
 * @param {object} [receiver] nothing ever came without it
 * @param {readonly { from: number, to: number }[]} receiver.ranges numbers that came
 * @param {number} receiver.outOfTurn what came twice, or late
 */
export function reconcile({ sent, undelivered }, { ranges, outOfTurn } = nothing) {
  const reported = new Set(undelivered)
  const came = (number) => ranges.some(({ from, to }) => number >= from && number <= to)
  const received = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0)
  const both = [...reported].filter(came).length
  return {
    sent,
    received,
    reported: reported.size,
    lost: sent - received - (reported.size - both),
    outOfTurn,
    reportedThoughReceived: both,
    reportedTwice: undelivered.length - reported.size,
  }
}

const nothing = { ranges: [], outOfTurn: 0 }

/** Each bot sends to one other. @param {readonly Report[]} reports */
export function messagesOf(reports) {
  const all = reports.map(({ id, sender }) => {
    const receiver = reports.find((one) => one.receiver[id] !== undefined)
    return reconcile(sender, receiver?.receiver[id])
  })
  return { ...summed(all), reasons: summed(reports.map(({ sender }) => sender.reasons)) }
}

/** @param {readonly Report[]} reports */
export function requestsOf(reports) {
  const counts = reports.map(({ requests: { open, answered, wrong } }) => ({
    answered,
    wrong,
    unanswered: open,
  }))
  return { ...summed(counts), errors: summed(reports.map(({ requests }) => requests.errors)) }
}

/** Whether every request has ended, and it is known of every message what became of it. */
export function isSettled(reports) {
  if (reports.some(({ sender }) => sender.isBusy)) return false
  return requestsOf(reports).unanswered === 0 && messagesOf(reports).lost === 0
}

/** What must not be: a sentence for each. @param {readonly Report[]} reports @returns {string[]} */
export function failuresOf(reports) {
  const messages = messagesOf(reports)
  const requests = requestsOf(reports)
  const faults = {
    'messages were neither received nor reported': messages.lost,
    'messages came twice or out of turn': messages.outOfTurn,
    'messages were reported as undelivered and came': messages.reportedThoughReceived,
    'messages were reported twice': messages.reportedTwice,
    'requests had the answer of another one': requests.wrong,
    'requests have not ended': requests.unanswered,
  }
  return Object.entries(faults).flatMap(([what, count]) => (count === 0 ? [] : `${count} ${what}`))
}

/** Adds up figures of the same name. @param {readonly Record<string, number>[]} all */
function summed(all) {
  /** @type {Record<string, number>} */
  const sum = {}
  for (const one of all) {
    for (const [name, value] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + value
  }
  return sum
}
