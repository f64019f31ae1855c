/** One link: a process on each side, requests and one-way messages, small and large. */
import { figureOf } from '../lib/cpu.js'
import { startProcess } from '../lib/processes.js'

const loads = [1, 64, 1_024, 'one-way']

/** @param {string} size @param {number | 'one-way'} load */
const nameOf = (size, load) => (load === 'one-way' ? `${size} one-way` : `${size} x${load}`)

/** @param {string} size @param {number | 'one-way'} load @returns {import('../lib/rounds.js').Metric} */
function metric(size, load) {
  const isLatency = load === 1
  return {
    name: nameOf(size, load),
    unit: isLatency ? 'us p50' : '/s',
    better: isLatency ? 'less' : 'more',
    measure: { size, load },
  }
}

/** Processor time of both processes. @param {string} size @returns {import('../lib/rounds.js').Metric} */
const cpuMetric = (size) => ({
  name: `${size} x64 CPU`,
  unit: 'us each',
  better: 'less',
  measure: { size, load: 64, cpu: true },
})

/** @param {string} name @param {string} title @param {object} [more] @returns {import('../lib/rounds.js').Contender} */
function contender(name, title, more = {}) {
  const start = async () => {
    const server = await startProcess(new URL('server.js', import.meta.url), { args: [name] })
    const port = String(await server.ask('port'))
    const client = await startProcess(new URL('client.js', import.meta.url), { args: [name, port] })
    return {
      measure: (what, ms) =>
        figureOf(what, [server.pid, client.pid], () => client.ask('measure', { ...what, ms })),
      async stop() {
        await client.stop()
        await server.stop()
      },
    }
  }
  return { name, title, start, ...more }
}

const target = (size, load, against, ratio, subject = 'link') => ({
  metric: nameOf(size, load),
  subject,
  against,
  ratio,
})

const crossHosting = { needs: ['discord-cross-hosting'] }

/** @type {import('../lib/rounds.js').Bench} */
export const link = {
  name: 'link',
  title: 'A link with TLS 1.3: objects in, objects out',
  // Bots run for days: what is compiled in the first seconds is not what they get.
  warmUps: [64, 'one-way', 64].map((load) => ({ size: '200B', load })),
  metrics: ['200B', '64K'].flatMap((size) => [
    ...loads.map((load) => metric(size, load)),
    cpuMetric(size),
  ]),
  contenders: [
    contender('link', 'discordoo-machines, TLS'),
    contender('tls-json-staged', 'JSON over raw TLS, batched'),
    contender('tls-json', 'JSON over raw TLS'),
    contender('tls-echo', 'bytes over raw TLS (echo)'),
    contender('tls-echo-staged', 'bytes over raw TLS (echo), batched'),
    contender('net-ipc-tls', 'net-ipc, TLS', { needs: ['net-ipc'] }),
    contender('cross-hosting', 'discord-cross-hosting, no TLS', crossHosting),
    contender('cross-hosting-tls', 'discord-cross-hosting, TLS', crossHosting),
  ],
  targets: ['200B', '64K'].flatMap((size) => [
    target(size, 1, 'tls-json', 1.25),
    target(size, 64, 'tls-json-staged', 1),
    target(size, 1_024, 'tls-json-staged', 1),
    target(size, 'one-way', 'tls-json-staged', 0.8),
    { ...target(size, 64, 'tls-json-staged', 1), metric: `${size} x64 CPU` },
    target(size, 64, 'cross-hosting-tls', 5),
    target(size, 1_024, 'cross-hosting-tls', 5),
  ]),
}

const udx = { needs: ['udx-native'] }

/**
 * The carrier is compared with the same JSON on top; what the link adds to it shows beside it.
 *
 * @type {import('../lib/rounds.js').Bench}
 */
export const udp = {
  name: 'udp',
  title: 'The UDP carrier against TLS over a bare stream of udx',
  smoke: false,
  metrics: ['200B', '64K'].flatMap((size) => [
    ...loads.filter((load) => load !== 1_024).map((load) => metric(size, load)),
    cpuMetric(size),
  ]),
  contenders: [
    contender('udp-carrier', 'JSON over TLS over discordoo-machines, UDP, batched', udx),
    contender('udx-tls-json', 'JSON over TLS over udx, batched', udx),
    contender('link-udp', 'discordoo-machines, UDP and TLS', udx),
    contender('link', 'discordoo-machines, TCP and TLS'),
  ],
  targets: ['200B', '64K'].flatMap((size) => [
    target(size, 1, 'udx-tls-json', 1.25, 'udp-carrier'),
    target(size, 64, 'udx-tls-json', 0.8, 'udp-carrier'),
    target(size, 'one-way', 'udx-tls-json', 0.8, 'udp-carrier'),
    { ...target(size, 64, 'udx-tls-json', 1.25, 'udp-carrier'), metric: `${size} x64 CPU` },
  ]),
}
