import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { memoryCarrier } from '../../../src/transport/memory.js'
import { LinkWorld, plainSecure } from '../../support/link-world.js'
import { testIdentity, testTrust } from '../../support/test-identity.js'

let world: LinkWorld

/** A connection to the child by somebody who writes bytes by hand. */
async function stranger(host = 'stranger'): Promise<{ stream: Duplex; heard: () => string }> {
  const carrier = memoryCarrier(world.network, host)
  const { stream } = await carrier.dial({ host: 'child', port: 8379 }, new AbortController().signal)
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('error', () => {})
  return { stream, heard: () => Buffer.concat(chunks).toString('latin1') }
}

beforeEach(async () => {
  world = new LinkWorld()
  await world.serve()
})

afterEach(async () => {
  await world.end()
  expect(world.system.pendingTimers).toBe(0)
})

describe('a stranger at the port of a child', () => {
  it.each([
    ['an HTTP client', Buffer.from('GET / HTTP/1.1\r\nHost: child\r\n\r\n')],
    ['garbage', Buffer.from('f00dbabe00000000', 'hex')],
  ])('that is %s is cut off without an answer', async (_what, bytes) => {
    const { stream, heard } = await stranger()
    stream.write(bytes)
    await world.system.settle()
    expect(stream.destroyed).toBe(true)
    expect(heard()).toBe('')
    expect(world.refusedByChild).toEqual(['DM_PREFACE_INVALID'])
  })

  it('that says nothing learns nothing and is cut off in time', async () => {
    const { stream, heard } = await stranger()
    await world.system.advance(limits.handshakeTimeoutMs - 1)
    expect(stream.destroyed).toBe(false)
    await world.system.advance(1)
    expect(stream.destroyed).toBe(true)
    expect(heard()).toBe('')
    expect(world.refusedByChild).toEqual(['DM_HANDSHAKE_TIMEOUT'])
  })

  it('that sends a byte now and then is cut off in time all the same', async () => {
    const { stream, heard } = await stranger()
    const bytes = Buffer.from('4453434d01010000100002', 'hex')
    for (const byte of bytes) {
      stream.write(Uint8Array.of(byte))
      await world.system.advance(1_000)
    }
    expect(world.refusedByChild).toEqual(['DM_HANDSHAKE_TIMEOUT'])
    expect(heard()).toContain('DM_HANDSHAKE_TIMEOUT')
    await world.system.advance(limits.closeTimeoutMs)
    expect(stream.destroyed).toBe(true)
  })

  it('that announces a large frame is refused by its header', async () => {
    const { stream, heard } = await stranger()
    stream.write(Buffer.from('4453434d01010400000002', 'hex'))
    await world.system.advance(limits.closeTimeoutMs)
    expect(stream.destroyed).toBe(true)
    expect(world.refusedByChild).toEqual(['DM_FRAME_TOO_LARGE'])
    expect(heard()).toContain('{"code":"DM_FRAME_TOO_LARGE","reason":""}')
  })

  it('that leaves in the middle leaves nothing behind', async () => {
    const { stream } = await stranger()
    stream.write(Buffer.from('4453434d0101', 'hex'))
    await world.system.settle()
    stream.destroy()
    await world.system.settle()
    expect(world.refusedByChild).toEqual(['DM_LINK_LOST'])
    expect(world.system.pendingTimers).toBe(0)
  })

  it('does not keep the real parent out, and is counted', async () => {
    const hosts = Array.from({ length: 3 }, (_, n) => `stranger ${n}`)
    const strangers = await Promise.all(
      hosts.flatMap((host) => Array.from({ length: 20 }, () => stranger(host))),
    )
    world.dial()
    await world.system.settle()
    expect(world.link.isUp).toBe(true)
    await world.system.advance(limits.handshakeTimeoutMs)
    expect(strangers.every(({ stream }) => stream.destroyed)).toBe(true)
    const waited = 3 * limits.strangersPerAddressMax
    expect([...world.server.refusals]).toEqual([
      ['DM_CONNECTION_LIMIT', 3 * 20 - waited],
      ['DM_HANDSHAKE_TIMEOUT', waited],
    ])
    expect(world.link.isUp).toBe(true)
  })

  it('finds no room where thousands of them fill the port, but the parent does', async () => {
    let sent = 0
    const flood = async () => {
      for (let wave = 0; wave < 40; wave++) {
        await Promise.all(Array.from({ length: 25 }, () => stranger(`stranger ${sent++}`)))
        await world.system.settle()
      }
    }
    await flood()
    world.dial()
    await world.system.settle()
    expect(world.link.isUp).toBe(true)
    // Its address has proven itself now, so it comes back in the middle of the next flood.
    world.wire.cut()
    await Promise.all([flood(), world.system.advance(limits.redialDelayMsMax)])
    expect(world.link.isUp).toBe(true)
    await world.system.advance(limits.handshakeTimeoutMs)
    const refused = [...world.server.refusals.values()].reduce((sum, count) => sum + count, 0)
    expect(refused).toBe(sent)
  })

  it('waits longer and longer when it keeps failing, and is counted all the same', async () => {
    const knock = async () => {
      const { stream } = await stranger()
      stream.write('GET / HTTP/1.1')
      await world.system.settle()
      expect(stream.destroyed).toBe(true)
    }
    for (let n = 0; n < 20; n++) await knock()
    const looked = limits.refusalsFree + 1
    expect([...world.server.refusals]).toEqual([
      ['DM_PREFACE_INVALID', looked],
      ['DM_REFUSED_TOO_OFTEN', 20 - looked],
    ])
    // Nobody else has to wait, and the stranger no longer than it takes.
    world.dial()
    await world.system.advance(limits.refusalDelayMsMin)
    expect(world.link.isUp).toBe(true)
    await knock()
    expect(world.server.refusals.get('DM_PREFACE_INVALID')).toBe(looked + 1)
  })
})

describe('a parent that is not trusted', () => {
  const secret = 'a secret of 16 bytes'

  it.each([
    ['has another secret', testTrust(1, { secret: 'another secret of 16' })],
    ['has no secret', testTrust(1)],
  ])('is refused when it %s, and keeps knocking slowly', async (_what, trust) => {
    const server = await world.serve({
      address: { host: 'child', port: 1 },
      trust: testTrust(2, { secret }),
    })
    const link = world.dial({ address: { host: 'child', port: 1 }, trust })
    await world.system.advance(1_000)
    expect(world.parent.log).toEqual(['refused DM_IDENTITY_REFUSED'])
    expect(world.parent.refusals[0]?.refusal.fatal).toBe(true)
    expect([...server.refusals]).toEqual([['DM_IDENTITY_REFUSED', 1]])
    await world.system.advance(limits.redialDelayMsMax)
    expect(world.parent.refusals.length).toBeGreaterThan(1)
    expect(link.isUp).toBe(false)
  })

  it('is refused when it speaks through a man in the middle', async () => {
    world.dial({ secure: plainSecure('the channel to the man in the middle') })
    await world.system.settle()
    expect(world.parent.log).toEqual(['refused DM_IDENTITY_REFUSED'])
    expect(world.children).toEqual([])
  })

  it('is refused when it is the child itself', async () => {
    world.dial({ trust: testTrust(2, { identity: testIdentity(2) }) })
    await world.system.settle()
    expect(world.parent.refusals[0]?.reason.message).toContain('our own key')
    expect(world.children).toEqual([])
  })

  it('is refused when it speaks no common version, which both sides say', async () => {
    world.dial({ protocols: { min: 2, max: 3 } })
    await world.system.settle()
    expect(world.parent.log).toEqual(['refused DM_PROTOCOL_VERSION'])
    expect(world.refusedByChild).toEqual(['DM_PROTOCOL_VERSION'])
  })
})

describe('a trusted parent of another version', () => {
  it('gets a link in the highest version that both speak', async () => {
    world.dial({ protocols: { min: 1, max: 9 } })
    await world.system.settle()
    expect(world.link.isUp).toBe(true)
  })
})
