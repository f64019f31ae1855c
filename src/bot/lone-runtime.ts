/**
 * What stands in for the manager where there is none: one instance with the only shard, and a router
 * of its own, so that a bot started by hand takes the very same paths as a managed one.
 */
import type { System } from '../system/system.js'
import type { InstanceRuntime } from './instance-runtime.js'

const machine = 'local'
const callTimeoutMs = 30_000

/** The router comes with the first envelope: it is a third of the bot API, and managed bots have none. */
export function createLoneRuntime(system: System): InstanceRuntime {
  let receive: ((envelope: Uint8Array) => void) | undefined
  let router: Promise<(envelope: Uint8Array) => void> | undefined
  const load = async (): Promise<(envelope: Uint8Array) => void> => {
    const { createLoneRouter } = await import('./lone-router.js')
    return createLoneRouter(system, machine, (envelope) => receive?.(envelope))
  }
  return {
    version: 1,
    identity: {
      version: 1,
      instance: 0,
      shards: '0',
      totalShards: 1,
      machine,
      mode: 'processes',
      callTimeoutMs,
    },
    ready() {},
    sendEnvelope(envelope) {
      router ??= load()
      void router.then((route) => route(envelope))
      return true
    },
    flushed: () => Promise.resolve(),
    attach(handlers) {
      receive = (envelope) => handlers.envelope(envelope)
    },
  }
}
