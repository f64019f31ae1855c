/** Real sockets through a proxy that resets and freezes connections while messages are on their way. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FaultProxy } from '../../support/fault-proxy.js'
import { freePort } from '../../support/free-port.js'
import { type ManagerProcess, Project } from '../../support/manager-process.js'
import { faultsOf, trafficChild, trafficParent } from '../../support/numbered-traffic.js'
import { nativeBot } from '../../support/testbed.js'
import { seededRandom } from '../../support/virtual-system.js'

describe('a link through a network that fails', () => {
  let project: Project
  let proxy: FaultProxy
  let top: ManagerProcess
  beforeEach(async () => {
    project = await Project.create()
    const port = await freePort()
    proxy = await FaultProxy.to(port)
    await project.write('child.mjs', trafficChild('127.0.0.1', port, nativeBot))
    const child = await project.run('child.mjs', 'child')
    await child.waitFor(/listening/)
    const childManagerOptions = { mode: 'workers', shards: 2 }
    const point = { host: '127.0.0.1', port: proxy.port, childManagerOptions }
    await project.write('parent.mjs', trafficParent([point], { heartbeatMs: 250 }))
    top = await project.run('parent.mjs', 'parent')
    await top.waitFor(/started 2/)
  })
  afterEach(async () => {
    await project.remove()
    await proxy.close()
  })

  async function finish() {
    top.child.kill('SIGUSR1')
    const [, json = ''] = await top.waitFor(/result (.*)\n/)
    return JSON.parse(json)
  }

  it('loses and doubles nothing over twelve resets at random moments', async () => {
    const seed = Math.floor(performance.timeOrigin) % 1_000_000
    const random = seededRandom(seed)
    for (let cuts = 0; cuts < 12; cuts += 1) {
      await delay(20 + random() * 150)
      proxy.cut()
    }
    const result = await finish()
    expect({ seed, faults: faultsOf(result) }).toEqual({ seed, faults: [] })
    expect(result.undelivered).toEqual([])
    expect(result.inbox).toHaveLength(result.sent)
  })

  it('notices a half-open connection within seconds, and loses nothing', async () => {
    proxy.freeze()
    const frozenAt = performance.now()
    await top.waitFor(/machine 0 lost/)
    expect(performance.now() - frozenAt).toBeLessThan(10_000)
    proxy.thaw()
    await top.waitFor(/machine 0 lost[\s\S]*machine 0 ready/)
    const result = await finish()
    expect(faultsOf(result)).toEqual([])
    expect(result.undelivered).toEqual([])
  })
})
