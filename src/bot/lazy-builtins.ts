/**
 * Modules of Node that only some instances need: a worker thread that loads both takes 2 ms longer to
 * start. Synchronous, as the channel must be open before the bot's first line.
 */
import { createRequire } from 'node:module'

const load = createRequire(import.meta.url)

export function loadNet(): typeof import('node:net') {
  return load('node:net')
}

export function loadCluster(): typeof import('node:cluster').default {
  return load('node:cluster')
}
