/** What a parent does most: passing on what is not for it. */
import { startProcess } from '../lib/processes.js'

const file = new URL('process.js', import.meta.url)

/** @param {string} kind @param {string} title @returns {import('../lib/rounds.js').Contender} */
const contender = (kind, title) => ({
  name: kind,
  title,
  async start() {
    const sink = await startProcess(file, { args: [kind, 'sink'] })
    const hub = await startProcess(file, { args: [kind, 'hub', String(await sink.ask('port'))] })
    const from = String(await hub.ask('port'))
    const source = await startProcess(file, { args: [kind, 'source', from] })
    return {
      measure: (what, ms) => source.ask('measure', { ...what, ms }),
      async stop() {
        for (const one of [source, hub, sink]) await one.stop()
      },
    }
  },
})

/** @type {import('../lib/rounds.js').Bench} */
export const hub = {
  name: 'hub',
  title: 'Through a hub that only forwards, TLS on both sides',
  metrics: [
    ['64 KiB', 64 * 1_024],
    ['1 MiB', 2 ** 20],
  ].map(([name, bytes]) => ({
    name: `${name} x16`,
    unit: 'MiB/s',
    better: 'more',
    measure: { bytes, load: 16 },
  })),
  contenders: [
    contender('links', 'discordoo-machines'),
    contender('tls', 'raw TLS, joined by pipe()'),
  ],
  targets: ['64 KiB x16', '1 MiB x16'].map((metric) => ({
    metric,
    subject: 'links',
    against: 'tls',
    ratio: 0.8,
  })),
}
