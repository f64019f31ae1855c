/** The case for UDP: what a lost packet costs a question, over either carrier. */
import { startProcess } from '../lib/processes.js'
import { lossyNetwork, whyNoLine } from './network.js'

const serverFile = new URL('../link/server.js', import.meta.url)
const clientFile = new URL('client.js', import.meta.url)

/** Each way. */
const line = { delayMs: 10, loss: 0.01 }
const counts = [1, 16]
const shares = { p50: 0.5, p99: 0.99, 'p99.9': 0.999 }

const nameOf = (count, share) => `200B x${count} ${share}`

/** @param {string} name @param {string} title @param {object} [more] @returns {import('../lib/rounds.js').Contender} */
function contender(name, title, more = {}) {
  const start = async () => {
    const network = await lossyNetwork(line)
    const { left, right } = network
    const env = { BENCH_HOST: right.address }
    const server = await startProcess(serverFile, { args: [name], env, under: right.under })
    const port = String(await server.ask('port'))
    const client = await startProcess(clientFile, { args: [name, port], env, under: left.under })
    const stop = async () => {
      await client.stop()
      await server.stop()
      await network.stop()
    }
    return { measure: oncePerCount(client), stop }
  }
  return { name, title, start, ...more }
}

/**
 * All quantiles of a load come from the same questions.
 *
 * @param {import('../lib/processes.js').BenchProcess} client
 */
function oncePerCount(client) {
  const measured = new Map()
  return async ({ count, share }, ms) => {
    if (!measured.has(count)) {
      const what = { count, shares: Object.values(shares), ms }
      measured.set(count, client.ask('measure', what))
    }
    const { quantiles } = await measured.get(count)
    return quantiles[Object.keys(shares).indexOf(share)]
  }
}

/** @returns {import('../lib/rounds.js').Bench} */
export function udpLoss() {
  return {
    name: 'udp-loss',
    title: 'UDP against TCP: a round trip of 20 ms, 1% of packets lost each way',
    skip: whyNoLine(),
    // Long, as one question in a hundred is what counts; next to 20 ms compiling is nothing.
    ms: 20_000,
    warm: false,
    metrics: counts.flatMap((count) =>
      Object.keys(shares).map((share) => ({
        name: nameOf(count, share),
        unit: 'ms',
        better: 'less',
        measure: { count, share },
      })),
    ),
    contenders: [
      contender('link-udp', 'discordoo-machines, UDP and TLS', { needs: ['udx-native'] }),
      contender('link', 'discordoo-machines, TCP and TLS'),
    ],
    targets: counts.map((count) => ({
      metric: nameOf(count, 'p99'),
      subject: 'link-udp',
      against: 'link',
      ratio: 0.5,
    })),
  }
}
