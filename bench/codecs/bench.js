/** Bodies: an object to bytes and back, in one process of each codec. */
import { startProcess } from '../lib/processes.js'

const sizes = ['200B', '64K']

/** @param {string} name @param {string} title @param {readonly string[]} [needs] */
const contender = (name, title, needs) => ({
  name,
  title,
  ...(needs === undefined ? {} : { needs }),
  async start() {
    const run = await startProcess(new URL('process.js', import.meta.url), { args: [name] })
    const measure = (what, ms) => run.ask('measure', { ...what, ms })
    return { measure, stop: run.stop }
  },
})

/** @type {import('../lib/rounds.js').Bench} */
export const codecs = {
  name: 'codecs',
  title: 'Bodies: to bytes and back',
  ms: 300,
  metrics: sizes.map((size) => ({
    name: `${size} there and back`,
    unit: '/s',
    better: 'more',
    measure: { size },
  })),
  contenders: [
    contender('body', 'discordoo-machines'),
    contender('json', 'JSON'),
    contender('v8', 'v8.serialize'),
    contender('msgpackr', 'msgpackr', ['msgpackr']),
    contender('cbor-x', 'cbor-x', ['cbor-x']),
  ],
  targets: sizes.map((size) => ({
    metric: `${size} there and back`,
    subject: 'body',
    against: 'json',
    ratio: 0.8,
  })),
}
