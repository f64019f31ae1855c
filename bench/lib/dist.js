/** Where the built package lies: `dist` of this repository, or what BENCH_DIST names. */
import { pathToFileURL } from 'node:url'

const root = process.env.BENCH_DIST
  ? pathToFileURL(`${process.env.BENCH_DIST}/`)
  : new URL('../../dist/', import.meta.url)

/**
 * A module of the built package, internal ones included: a bench may look behind the door.
 *
 * @param {string} path in `dist`, as `link/link-dialer.js`
 */
export function fromDist(path) {
  return import(new URL(path, root).href)
}

/** @param {string} path in `dist` */
export function pathInDist(path) {
  return new URL(path, root)
}

/** Tells the bot of starts where the bot API is: it imports no module of the bench, as a bare one does. */
export function nameBotApi() {
  process.env.BENCH_BOT_API = pathInDist('bot/index.js').href
}
