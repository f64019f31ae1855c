import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { limits } from '../../../src/limits.js'
import type { LinkTrust } from '../../../src/link/handshake/trust.js'
import { LinkWorld, Recorder, text, type WorldOptions } from '../../support/link-world.js'
import { keyOf, testIdentity, testTrust } from '../../support/test-identity.js'

let world: LinkWorld

afterEach(async () => {
  await world.end()
  expect(world.system.pendingTimers).toBe(0)
})

async function connect(options: WorldOptions = {}): Promise<LinkWorld> {
  world = await LinkWorld.connected(options)
  return world
}

describe('a link', () => {
  it('comes up on both sides and tells each who the other is', async () => {
    await connect()
    expect(world.parent.ups).toEqual([{ resumed: false, welcome: { running: 3 } }])
    expect(world.child.ups).toEqual([{ resumed: false, welcome: { running: 3 } }])
    expect(world.link.peer).toMatchObject({
      key: keyOf(testIdentity(2)),
      epoch: 0,
      recognisedBy: ['first-use'],
      about: { i: 'am the child' },
    })
    expect(world.childLink.peer).toMatchObject({
      key: keyOf(testIdentity(1)),
      epoch: 7,
      about: { i: 'am the parent' },
    })
  })

  it('carries messages both ways, whole and in order, also those sent before it was up', async () => {
    world = new LinkWorld()
    await world.serve()
    const link = world.newLink()
    expect(link.send(text('early'))).toBe(true)
    link.start()
    await world.system.settle()
    link.send(text(''))
    link.send(text('x'.repeat(300_000)))
    world.childLink.send(text('back'))
    await world.system.settle()
    expect(world.child.messages).toEqual(['early', '', 'x'.repeat(300_000)])
    expect(world.parent.messages).toEqual(['back'])
    const closed = link.close('DM_STOPPED', 'done')
    await world.system.settle()
    await closed
  })

  it('resumes after the connection broke: in order, none lost, none twice', async () => {
    await connect()
    for (let n = 0; n < 20; n++) {
      world.link.send(text(`down ${n}`))
      world.childLink.send(text(`up ${n}`))
      if (n === 7) await world.system.settle()
      if (n === 13) world.wire.cut()
    }
    await world.system.advance(2_000)
    expect(world.parent.log).toEqual(['up', 'down', 'resumed'])
    expect(world.child.log).toEqual(['up', 'down', 'resumed'])
    expect(world.child.messages).toEqual(Array.from({ length: 20 }, (_, n) => `down ${n}`))
    expect(world.parent.messages).toEqual(Array.from({ length: 20 }, (_, n) => `up ${n}`))
    expect(world.children).toHaveLength(1)
  })

  it('hands back what was not confirmed when it stays away beyond the window', async () => {
    await connect()
    world.wire.reachable = false
    world.wire.cut()
    world.link.send(text('never arrived'))
    world.childLink.send(text('nor this'))
    await world.system.advance(limits.sessionResumeWindowMs + 1_000)
    expect(world.parent.lost).toEqual(['never arrived'])
    expect(world.child.lost).toEqual(['nor this'])
    expect(world.child.log).toEqual(['up', 'down', 'reset', 'closed'])
    expect(world.childLink.send(text('too late'))).toBe(false)
    world.wire.reachable = true
    await world.system.advance(limits.redialDelayMsMax)
    expect(world.parent.log.filter((event) => !event.startsWith('refused'))).toEqual([
      'up',
      'down',
      'reset',
      'up',
    ])
    expect(world.server.links).toHaveLength(1)
  })

  it('resets when the child came back without its memory, and goes on in a new session', async () => {
    await connect()
    world.wire.reachable = false
    world.wire.cut()
    await world.server.close('DM_STOPPED', 'the parent cannot hear this')
    await world.serve()
    world.link.send(text('unconfirmed'))
    world.wire.reachable = true
    await world.system.advance(5_000)
    expect(world.parent.log).toEqual(['up', 'down', 'reset', 'up'])
    expect(world.parent.lost).toEqual(['unconfirmed'])
    world.link.send(text('fresh'))
    await world.system.settle()
    expect(world.child.messages).toEqual(['fresh'])
  })

  it('replaces the link of a parent that came back without its memory', async () => {
    await connect()
    world.childLink.send(text('seen'))
    await world.system.advance(1_100)
    world.wire.freeze()
    world.childLink.send(text('on its way'))
    const again = new Recorder()
    const second = world.newLink({ events: again })
    second.start()
    await world.system.settle()
    expect(world.children[0]?.log).toEqual(['up', 'down', 'reset', 'closed'])
    expect(world.children[0]?.lost).toEqual(['on its way'])
    expect(world.server.links).toEqual([world.childLinks[1]])
    expect(again.log).toEqual(['up'])
    const closed = second.close('DM_STOPPED', 'done')
    await world.system.settle()
    await closed
  })

  it('is closed with the same code on both sides, after everything that was sent', async () => {
    await connect()
    for (let n = 0; n < 50; n++) world.link.send(text('y'.repeat(100_000)))
    const closed = world.link.close('DM_STOPPED', 'the parent stops')
    expect(world.link.send(text('too late'))).toBe(false)
    await world.system.settle()
    await closed
    expect(world.child.messages).toHaveLength(50)
    expect(world.parent.log).toEqual(['up', 'closed'])
    expect(world.child.log).toEqual(['up', 'closed'])
    expect(world.child.reason?.code).toBe('DM_STOPPED')
    expect(world.child.reason?.message).toContain('the parent stops')
    expect(world.server.links).toEqual([])
  })

  it('reports what a closing peer did not take in', async () => {
    await connect()
    // Written at the end of this turn, while the goodbye is written at once: they cross.
    expect(world.childLink.send(text('crossed the goodbye'))).toBe(true)
    const closed = world.link.close('DM_STOPPED', 'enough')
    await world.system.settle()
    await closed
    expect(world.parent.messages).toEqual([])
    expect(world.child.lost).toEqual(['crossed the goodbye'])
    expect(world.child.log).toEqual(['up', 'reset', 'closed'])
  })

  it('is given up when the goodbye cannot get out', async () => {
    await connect()
    world.wire.freeze()
    world.link.send(text('stuck'))
    const closed = world.link.close('DM_STOPPED', 'bye')
    await world.system.advance(limits.closeTimeoutMs)
    await closed
    expect(world.parent.log).toEqual(['up', 'reset', 'closed'])
    expect(world.parent.lost).toEqual(['stuck'])
  })

  it('refuses messages over the bound', async () => {
    await connect()
    world.wire.freeze()
    const large = new Uint8Array(limits.messageBytesMax)
    let queued = 0
    while (world.link.send(large)) queued += 1
    expect(queued).toBe(Math.floor(limits.sessionBufferBytesMax / large.length))
    expect(() => world.link.send(new Uint8Array(limits.messageBytesMax + 1))).toThrow(
      expect.objectContaining({ code: 'DM_BODY_TOO_LARGE' }),
    )
  })

  it('measures the ping by heartbeats', async () => {
    await connect()
    await world.system.advance(3_000)
    const health = { verdict: 'green', pingMs: 0, pingP50Ms: 0, pingP99Ms: 0, peerLagMs: 0 }
    expect(world.parent.lastHealth).toEqual(health)
    expect(world.link.health).toEqual(health)
    expect(world.child.lastHealth).toEqual(health)
  })

  it('finds a half-open connection by its silence, and resumes over a new one', async () => {
    await connect()
    await world.system.advance(2_500)
    world.wire.freeze()
    world.link.send(text('into the void'))
    await world.system.advance(6_000)
    expect(world.parent.log).toEqual(['up', 'down', 'resumed'])
    expect(world.child.messages).toEqual(['into the void'])
  })

  it('does not take its own stalled event loop for a dead peer', async () => {
    await connect()
    await world.system.stall(60_000)
    await world.system.advance(5_000)
    expect(world.parent.log).toEqual(['up'])
    expect(world.child.log).toEqual(['up'])
  })

  it('stays whole when a handler throws', async () => {
    const thrown = new Promise<unknown>((resolve) => {
      process.once('uncaughtException', resolve)
    })
    // The test runner listens as well, and would report what is expected here.
    const standing = process.listeners('uncaughtException').slice(0, -1)
    for (const listener of standing) process.off('uncaughtException', listener)
    onTestFinished(() => {
      for (const listener of standing) process.on('uncaughtException', listener)
    })
    await connect()
    world.child.message = () => {
      throw new Error('a bug of the owner')
    }
    world.link.send(text('boom'))
    expect(await thrown).toMatchObject({ message: 'a bug of the owner' })
    expect(world.link.isUp).toBe(true)
  })
})

describe('dialling', () => {
  it('goes on with growing delays until the child is there, and says so', async () => {
    world = new LinkWorld()
    world.dial()
    await world.system.advance(3_000)
    const delays = world.parent.refusals.map(({ refusal }) => refusal.delayMs)
    expect(world.parent.refusals[0]).toMatchObject({
      reason: { code: 'DM_DIAL_FAILED' },
      refusal: { attempt: 1, fatal: false },
    })
    expect(delays.length).toBeGreaterThan(2)
    await world.serve()
    await world.system.advance(10_000)
    expect(world.parent.log.at(-1)).toBe('up')
  })

  it('ends by close() before the carrier has answered', async () => {
    world = new LinkWorld()
    let aborted = false
    const link = world.dial({
      carrier: {
        name: 'memory',
        dial: (_address, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              aborted = true
              reject(signal.reason)
            })
          }),
        listen: () => Promise.reject(new Error('not needed')),
      },
    })
    await link.close('DM_STOPPED', 'changed my mind')
    expect(aborted).toBe(true)
    expect(world.parent.log).toEqual(['closed'])
    expect(world.system.pendingTimers).toBe(0)
  })

  it('gives an attempt up that is not answered', async () => {
    world = new LinkWorld()
    world.dial({
      carrier: {
        name: 'memory',
        dial: () => new Promise(() => {}),
        listen: () => Promise.reject(new Error('not needed')),
      },
    })
    await world.system.advance(limits.dialAttemptTimeoutMs)
    expect(world.parent.log).toEqual(['refused DM_DIAL_TIMEOUT'])
  })

  it('ends by close() in the middle of the handshake, on both sides', async () => {
    world = new LinkWorld()
    await world.serve({ secure: () => new Promise(() => {}) })
    const link = world.dial()
    await world.system.settle()
    await link.close('DM_STOPPED', 'changed my mind')
    expect(world.parent.log).toEqual(['closed'])
    await world.server.close('DM_STOPPED', 'me too')
    expect(world.refusedByChild).toEqual(['DM_STOPPED'])
  })

  it('tells what the layer above says to a parent it does not want', async () => {
    world = new LinkWorld()
    await world.serve({
      admit: () => ({ accept: false, code: 'DM_PARENT_BUSY', reason: 'another parent is served' }),
    })
    world.dial()
    await world.system.settle()
    expect(world.parent.log).toEqual(['refused DM_PARENT_BUSY'])
    expect(world.parent.refusals[0]?.reason.message).toContain('another parent is served')
    expect(world.parent.refusals[0]?.refusal.fatal).toBe(true)
    expect(world.parent.refusals[0]?.refusal.delayMs).toBeGreaterThan(
      limits.redialDelayMsMax / 2 - 1,
    )
    expect([...world.server.refusals]).toEqual([['DM_PARENT_BUSY', 1]])
  })

  it('asks the layer above again when a session is resumed', async () => {
    const asked: boolean[] = []
    await connect({
      serve: {
        admit: (_peer, resumed) => {
          asked.push(resumed)
          return { accept: true, about: asked.length }
        },
      },
    })
    world.wire.cut()
    await world.system.advance(1_000)
    expect(asked).toEqual([false, true])
    expect(world.parent.ups.at(-1)).toEqual({ resumed: true, welcome: 2 })
  })

  it('begins anew when the layer above closes the link that was to be resumed', async () => {
    await connect({
      serve: {
        admit: (_peer, resumed) => {
          if (resumed) void world.childLink.close('DM_STOPPED', 'not this one again')
          return { accept: true, about: null }
        },
      },
    })
    world.wire.cut()
    await world.system.advance(1_000)
    expect(world.children.map(({ log }) => log)).toEqual([['up', 'down', 'closed'], ['up']])
    expect(world.parent.log).toEqual(['up', 'down', 'reset', 'up'])
  })

  it('does not resume the session of another key', async () => {
    let seed = 1
    const thief: LinkTrust = {
      ...testTrust(1),
      get identity() {
        return testIdentity(seed)
      },
    }
    const childTrust = testTrust(2, { recall: () => 'known' })
    await connect({ parentTrust: thief, childTrust })
    world.childLink.send(text('for the first key only'))
    // The next connection asks for the session that the first key has begun.
    seed = 9
    world.wire.cut()
    await world.system.advance(1_000)
    expect(world.parent.log).toEqual(['up', 'down', 'reset', 'up'])
    expect(world.parent.messages).toEqual([])
    expect(world.children.map(({ log }) => log)).toEqual([['up', 'down'], ['up']])
    expect(world.server.links).toHaveLength(2)
  })
})
