/** What there is to measure, by the name to give to `npm run bench`; loaded when it is asked for. */

const machines = (mode) => async () => (await import('./machines/bench.js')).machines(mode)
const broadcast = (count) => async () => (await import('./machines/bench.js')).broadcast(count)
const start = (mode) => async () => (await import('./start/bench.js')).start(mode)

/** @type {Record<string, (options: { minutes: number }) => Promise<import('./lib/rounds.js').Bench | import('./lib/rounds.js').LongBench>>} */
export const benches = {
  link: async () => (await import('./link/bench.js')).link,
  'machines-processes': machines('processes'),
  'machines-workers': machines('workers'),
  'broadcast-2': broadcast(2),
  'broadcast-8': broadcast(8),
  'broadcast-32': broadcast(32),
  'broadcast-128': broadcast(128),
  hub: async () => (await import('./hub/bench.js')).hub,
  codecs: async () => (await import('./codecs/bench.js')).codecs,
  local: async () => (await import('./local/bench.js')).local,
  'start-processes': start('processes'),
  'start-workers': start('workers'),
  udp: async () => (await import('./link/bench.js')).udp,
  'udp-loss': async () => (await import('./lossy/bench.js')).udpLoss(),
  memory: async () => (await import('./memory/bench.js')).memory,
  endurance: async (options) => (await import('./endurance/bench.js')).endurance(options),
}

/** What takes too long to be part of everything: it is measured when it is named. */
export const namedOnly = ['endurance']
