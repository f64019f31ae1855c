/** What a measure does with a connection: requests with so many under way, and one-way bursts. */
import { setImmediate as turn } from 'node:timers/promises'
import { quantile } from './statistics.js'

/**
 * Keeps `count` requests under way for `ms` and says how it went.
 *
 * @param {() => Promise<unknown>} request
 * @param {number} count
 * @param {number} ms
 */
export async function inFlight(request, count, ms) {
  const latencies = []
  const begin = performance.now()
  const end = begin + ms
  const lane = async () => {
    for (let from = performance.now(); from < end; ) {
      await request()
      const now = performance.now()
      latencies.push((now - from) * 1_000)
      from = now
    }
  }
  await Promise.all(Array.from({ length: count }, lane))
  const seconds = (performance.now() - begin) / 1_000
  latencies.sort((a, b) => a - b)
  return {
    done: latencies.length,
    perSecond: latencies.length / seconds,
    p50Us: quantile(latencies, 0.5),
    p99Us: quantile(latencies, 0.99),
    p999Us: quantile(latencies, 0.999),
  }
}

/**
 * Sends in bursts for `ms`; the time runs until the other side confirms that all has arrived.
 *
 * @param {object} way
 * @param {() => unknown} way.send
 * @param {() => Promise<unknown>} way.drained resolves when more can be sent, in a later turn
 * @param {() => Promise<unknown>} way.confirm a request behind all that was sent
 * @param {number} burst
 * @param {number} ms
 */
export async function oneWay({ send, drained, confirm }, burst, ms) {
  const begin = performance.now()
  let sent = 0
  while (performance.now() - begin < ms) {
    for (let left = burst; left > 0; left -= 1) send()
    sent += burst
    await drained()
  }
  await confirm()
  return { done: sent, perSecond: sent / ((performance.now() - begin) / 1_000) }
}

/**
 * What `drained` is for a socket of Node: room in its buffer, and a turn for what comes in.
 *
 * @param {import('node:stream').Writable} stream
 */
export async function streamDrained(stream) {
  if (stream.writableNeedDrain) await new Promise((resolve) => stream.once('drain', resolve))
  else await turn()
}
