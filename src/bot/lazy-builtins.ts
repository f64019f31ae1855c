/**
 * Modules of Node that only some instances need: a worker thread that loads both takes 2 ms longer to
 * start. Synchronous, as the channel must be open before the bot's first line.
 */
export function loadNet(): typeof import('node:net') {
  return process.getBuiltinModule('node:net')
}

export function loadCluster(): typeof import('node:cluster').default {
  const cluster: unknown = process.getBuiltinModule('node:cluster')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types know only what `import` makes of it: a default
  return cluster as typeof import('node:cluster').default
}
