/** Parent and child on two hosts (network namespaces) with a cable between them that is pulled. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Hosts, whyNoHosts } from '../../support/hosts.js'
import { type ManagerProcess, Project } from '../../support/manager-process.js'
import {
  faultsOf,
  type TrafficResult,
  trafficChild,
  trafficParent,
} from '../../support/numbered-traffic.js'
import { nativeBot } from '../../support/testbed.js'

const obstacle = whyNoHosts()

async function finish(top: ManagerProcess): Promise<TrafficResult> {
  top.child.kill('SIGUSR1')
  const [, json = ''] = await top.waitFor(/result (.*)\n/)
  return JSON.parse(json)
}

describe.skipIf(obstacle !== undefined)(
  `two hosts${obstacle ? ` (skipped: ${obstacle})` : ''}`,
  () => {
    let hosts: Hosts
    let project: Project
    beforeEach(async () => {
      hosts = new Hosts()
      project = await Project.create()
    })
    afterEach(async () => {
      await project.remove()
      hosts.remove()
    })

    async function start(
      family: 'ipv4' | 'ipv6',
      udp?: 'udp4' | 'udp6',
    ): Promise<{ top: ManagerProcess; child: ManagerProcess }> {
      const host = hosts.right[family]
      await project.write('child.mjs', trafficChild(host, 8379, nativeBot))
      const child = await project.run('child.mjs', 'right', [], {}, hosts.on(hosts.right))
      await child.waitFor(/listening/)
      const point = { host, udp, childManagerOptions: { mode: 'processes', shards: 2 } }
      await project.write('parent.mjs', trafficParent([point]))
      const top = await project.run('parent.mjs', 'left', [], {}, hosts.on(hosts.left))
      await top.waitFor(/started 2/)
      return { top, child }
    }

    it.each([
      ['TCP', 'ipv4', undefined],
      ['TCP', 'ipv6', undefined],
      ['UDP', 'ipv4', 'udp4'],
      ['UDP', 'ipv6', 'udp6'],
    ] as const)(
      'lose nothing over %s on %s when the cable is out for 2 s',
      async (_carrier, family, udp) => {
        const { top, child } = await start(family, udp)
        hosts.pull()
        await delay(2_000)
        hosts.plug()
        await delay(1_500)
        const result = await finish(top)
        expect(faultsOf(result)).toEqual([])
        expect(result.undelivered).toEqual([])
        expect(result.inbox.length).toBe(result.sent)
        expect([await top.exited, await child.exited]).toEqual([0, 0])
      },
    )

    it('report what could not be delivered when the cable stays out, and link again', async () => {
      const { top } = await start('ipv4')
      hosts.pull()
      await top.waitFor(/machine 0 lost/)
      await delay(5_000)
      hosts.plug()
      await top.waitFor(/machine 0 lost[\s\S]*machine 0 ready/)
      await delay(300)
      const result = await finish(top)
      expect(faultsOf(result)).toEqual([])
      expect(result.undelivered.length).toBeGreaterThan(0)
      expect(result.inbox.at(-1)).toBeGreaterThan(Math.max(...result.undelivered))
    })
  },
)
