/**
 * Two hosts (network namespaces) under `reassign`, and the cable between them is pulled for good. Both
 * go on to see Discord, which sees that no shard ever has two sessions.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeDiscord } from '../../../dist/testing/index.js'
import { heldSessions } from '../../support/held-sessions.js'
import { type Host, Hosts, whyNoHosts } from '../../support/hosts.js'
import type { ManagerProcess } from '../../support/manager-process.js'
import { isRunning } from '../../support/processes.js'
import { childOptions, quickLink, startStar } from '../../support/star-process.js'
import { UnixDoor } from '../../support/unix-door.js'

const obstacle = whyNoHosts()
const leaseMs = 4_000

describe.skipIf(obstacle !== undefined)(
  `two hosts${obstacle ? ` (skipped: ${obstacle})` : ''}`,
  () => {
    let hosts: Hosts
    let folder: string
    let discord: FakeDiscord
    let door: UnixDoor
    let managers: ManagerProcess[]
    beforeEach(async () => {
      hosts = new Hosts()
      folder = mkdtempSync(join(tmpdir(), 'dm-hosts-'))
      const pace = { maxConcurrency: 2, identifyIntervalMs: 0 }
      discord = await FakeDiscord.start({ totalShards: 2, guildsPerShard: 1, ...pace })
      door = await UnixDoor.open(join(folder, 'discord'), Number(new URL(discord.gatewayUrl).port))
      managers = []
    })
    afterEach(async () => {
      const bots = heldSessions(discord).map(({ pid }) => pid)
      await Promise.all(managers.map((manager) => manager.kill('SIGKILL')))
      for (const pid of bots.filter(isRunning)) process.kill(pid, 'SIGKILL')
      await discord.close()
      await door.close()
      rmSync(folder, { recursive: true, force: true })
      hosts.remove()
    })

    function start(host: Host, file: 'star-parent' | 'star-child', options: object) {
      const gateway = `ws+unix://${door.path}:/?v=10&encoding=json`
      const manager = startStar({ file, options, cwd: folder, gateway, under: hosts.on(host) })
      managers.push(manager)
      return manager
    }

    async function startChild(host: Host): Promise<ManagerProcess> {
      const options = childOptions(host.ipv4, 8379, join(folder, host.name))
      const child = start(host, 'star-child', options)
      await child.waitFor(/\{"listening"/)
      return child
    }

    const places = () => heldSessions(discord).map(({ machine }) => machine)

    it('bring up all shards beside the parent when the cable is pulled for good', async () => {
      const { left, right } = hosts
      const [, far] = await Promise.all([startChild(left), startChild(right)])
      const points = [left, right].map(({ ipv4 }, index) => {
        const name = index === 0 ? 'near' : 'far'
        return { host: ipv4, name, childManagerOptions: { mode: 'processes', shards: [index] } }
      })
      const stateDir = join(folder, 'parent')
      const terms = { onMachineLost: 'reassign', leaseMs, link: quickLink }
      const parent = start(left, 'star-parent', {
        machines: { me: 'parent', points, stateDir, ...terms },
      })
      await parent.waitFor(/\{"started"/)
      expect(places()).toEqual(['near', 'far'])
      const [before] = heldSessions(discord)

      hosts.pull()
      await far.waitFor(/"warning":"DM_LEASE_LOST"/)
      await parent.waitFor(/\{"moved":"machine-lost"/)
      await discord.until(() => places().join() === 'near,near')
      expect(heldSessions(discord)[0]).toEqual(before)
      expect(discord.stats.violations).toEqual([])
    })
  },
)
