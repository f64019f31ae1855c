/**
 * The asking process over a bad line: `client.js <contender> <port>`. A link is asked, and when all
 * answers are there it rests a while: on an idle line nothing that follows tells of a loss, so
 * repairing takes longest.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { checkEcho, small } from '../lib/payloads.js'
import { answer } from '../lib/processes.js'
import { quantile } from '../lib/statistics.js'
import { contender } from '../link/contenders/all.js'

/** Several at once, each a line of its own: a tail needs many samples. */
const linkCount = 8
const restMs = 20

const [, , name = '', port = '0'] = process.argv
const end = await contender(name)
const peers = await Promise.all(Array.from({ length: linkCount }, () => end.dial(Number(port))))
for (const peer of peers) checkEcho(small, await peer.request(small))

async function askAndRest(peer, count, until) {
  const latenciesMs = []
  const ask = async () => {
    const from = performance.now()
    await peer.request(small)
    latenciesMs.push(performance.now() - from)
  }
  while (performance.now() < until) {
    await Promise.all(Array.from({ length: count }, ask))
    await sleep(restMs)
  }
  return latenciesMs
}

answer({
  /** @param {{ count: number, shares: number[], ms: number }} measure */
  async measure({ count, shares, ms }) {
    const until = performance.now() + ms
    const all = await Promise.all(peers.map((peer) => askAndRest(peer, count, until)))
    const sorted = all.flat().toSorted((a, b) => a - b)
    return { done: sorted.length, quantiles: shares.map((share) => quantile(sorted, share)) }
  },
})
