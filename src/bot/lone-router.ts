/** The router of a bot that no manager started: one instance, which has the only shard. */
import { parentEndpoint } from '../routing/endpoint.js'
import { Router } from '../routing/router.js'
import type { Port } from '../routing/router-types.js'
import { Ticker } from '../routing/ticker.js'
import { Topology } from '../routing/topology.js'
import type { System } from '../system/system.js'

/** Takes envelopes of the instance; `receive` gets those that are for it. */
export function createLoneRouter(
  system: System,
  machine: string,
  receive: (envelope: Uint8Array) => void,
): (envelope: Uint8Array) => void {
  // In a later turn, as it is with a manager: nothing arrives while `send` is still running.
  const port: Port = (envelope) => {
    queueMicrotask(() => receive(envelope))
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
  return (envelope) => router.fromLocal(0, envelope)
}
