/**
 * Modules of Node that only some instances need: each takes an instance 0.5 to 1 ms of its start.
 * Synchronous, as the channel must be open before the bot's first line.
 */
export function loadNet(): typeof import('node:net') {
  return process.getBuiltinModule('node:net')
}

export function loadWorkerThreads(): typeof import('node:worker_threads') {
  return process.getBuiltinModule('node:worker_threads')
}

export function loadCluster(): typeof import('node:cluster').default {
  const cluster: unknown = process.getBuiltinModule('node:cluster')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types know only what `import` makes of it: a default
  return cluster as typeof import('node:cluster').default
}
