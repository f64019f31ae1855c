/**
 * What stands in for the manager where there is none: one instance with the only shard, and a router
 * of its own, so that a bot started by hand takes the very same paths as a managed one.
 */
import { parentEndpoint } from '../routing/endpoint.js'
import { Router } from '../routing/router.js'
import type { Port } from '../routing/router-types.js'
import { Ticker } from '../routing/ticker.js'
import { Topology } from '../routing/topology.js'
import type { System } from '../system/system.js'
import type { InstanceRuntime } from './instance-runtime.js'

const machine = 'local'
const callTimeoutMs = 30_000

export function createLoneRuntime(system: System): InstanceRuntime {
  let receive: ((envelope: Uint8Array) => void) | undefined
  // In a later turn, as it is with a manager: nothing arrives while `send` is still running.
  const port: Port = (envelope) => {
    queueMicrotask(() => receive?.(envelope))
    return true
  }
  const router = new Router({
    self: parentEndpoint,
    machine: 0,
    hops: { local: () => port, machine: () => undefined, manager: () => undefined },
    deliver() {},
    clock: system,
    onWaiting: () => ticker.wake(),
  })
  const ticker = new Ticker(system, (now) => router.tick(now))
  const instances = [{ id: 0, shards: [0] }]
  router.setTopology(
    Topology.fromPlan({ totalShards: 1, machines: [{ index: 0, machine, instances }] }),
  )
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
      router.fromLocal(0, envelope)
      return true
    },
    flushed: () => Promise.resolve(),
    attach(handlers) {
      receive = (envelope) => handlers.envelope(envelope)
    },
  }
}
