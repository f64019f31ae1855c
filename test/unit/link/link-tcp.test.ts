import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { verifySignature } from '../../../src/link/identity.js'
import { type DialedLink, dialLink } from '../../../src/link/link-dialer.js'
import { type LinkServer, type ServeOptions, serveLinks } from '../../../src/link/link-server.js'
import { realSystem } from '../../../src/system/system.js'
import type { RawConnection } from '../../../src/transport/carrier.js'
import { makeCertificate } from '../../../src/transport/self-signed.js'
import { tcpCarrier } from '../../../src/transport/tcp.js'
import { secureClient, secureServer } from '../../../src/transport/tls.js'
import type { TlsMaterial } from '../../../src/transport/tls-material.js'
import { type FaultyCarrier, faultyCarrier } from '../../support/faulty-carrier.js'
import { plainSecure, Recorder, text } from '../../support/link-world.js'
import { testTrust } from '../../support/test-identity.js'

const loopback = { host: '127.0.0.1', port: 0 }
const undo: (() => unknown)[] = []

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

/** Waits for something that events of the link bring about. */
class Events extends Recorder {
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = []

  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ holds, resolve })
      this.#look()
    })
  }

  override up(info: { readonly resumed: boolean; readonly welcome: unknown }): void {
    super.up(info)
    this.#look()
  }

  override message(bytes: Uint8Array): void {
    super.message(bytes)
    this.#look()
  }

  override health(...given: Parameters<Recorder['health']>): void {
    super.health(...given)
    this.#look()
  }

  override refused(...given: Parameters<Recorder['refused']>): void {
    super.refused(...given)
    this.#look()
  }

  override closed(...given: Parameters<Recorder['closed']>): void {
    super.closed(...given)
    this.#look()
  }

  #look(): void {
    for (const { holds, resolve } of this.#waiting) if (holds()) resolve()
    this.#waiting = this.#waiting.filter(({ holds }) => !holds())
  }
}

interface Ends {
  readonly server: LinkServer
  readonly link: DialedLink
  readonly wire: FaultyCarrier
  readonly parent: Events
  readonly child: Events
  readonly childSend: (words: string) => boolean
}

type Secure = ServeOptions['secure']

async function overTcp(ofChild: Secure, ofParent: Secure): Promise<Ends> {
  const [parent, child] = [new Events(), new Events()]
  const trust = { verify: verifySignature, secret: 'a secret of 16 bytes' }
  const common = { system: realSystem, heartbeatMs: 200, about: () => null }
  const links: { send(bytes: Uint8Array): boolean }[] = []
  const server = await serveLinks({
    ...common,
    carrier: tcpCarrier(),
    address: loopback,
    secure: ofChild,
    trust: testTrust(2, trust),
    admit: () => ({ accept: true, about: null }),
    onLink: (link) => {
      links.push(link)
      return child
    },
    onRefused: () => {},
  })
  const wire = faultyCarrier(tcpCarrier())
  const link = dialLink({
    ...common,
    carrier: wire,
    address: server.address,
    secure: ofParent,
    trust: testTrust(1, trust),
    epoch: 1,
    events: parent,
  })
  undo.push(() => server.close('DM_STOPPED', 'the test is over'))
  undo.push(() => link.close('DM_STOPPED', 'the test is over'))
  link.start()
  const childSend = (words: string) => links.at(-1)?.send(text(words)) ?? false
  return { server, link, wire, parent, child, childSend }
}

async function material(): Promise<TlsMaterial> {
  const options = { requestCert: undefined, rejectUnauthorized: false, trustedConnections: [] }
  const own = await makeCertificate('a machine')
  return { own, pins: new Set(), authorities: [], options, loaded: [] }
}

async function overTls(): Promise<Ends> {
  const [ofChild, ofParent] = await Promise.all([material(), material()])
  return overTcp(
    (raw, signal) => secureServer(raw, ofChild, signal),
    (raw, signal) => secureClient(raw, ofParent, '127.0.0.1', signal),
  )
}

describe('a link over TCP', () => {
  it('survives cuts with messages of all sizes on their way in both directions', async () => {
    const { link, wire, parent, child, childSend } = await overTcp(plainSecure(), plainSecure())
    await parent.until(() => link.isUp)
    const words = Array.from({ length: 60 }, (_, n) => `${n} ${'.'.repeat((n * 7_919) % 50_000)}`)
    for (const [n, word] of words.entries()) {
      link.send(text(word))
      childSend(word)
      if (n % 20 === 10) {
        await child.until(() => child.messages.length > n / 2)
        wire.cut()
        await parent.until(() => link.isUp)
      }
    }
    await Promise.all([
      child.until(() => child.messages.length >= words.length),
      parent.until(() => parent.messages.length >= words.length),
    ])
    expect(child.messages).toEqual(words)
    expect(parent.messages).toEqual(words)
    expect(parent.log).not.toContain('reset')
    expect(wire.dialled).toBeGreaterThan(3)
  })

  it('measures a ping and closes with the same words on both sides', async () => {
    const { link, parent, child } = await overTcp(plainSecure(), plainSecure())
    await parent.until(() => link.health.pingMs !== undefined)
    expect(link.health.pingMs).toBeGreaterThanOrEqual(0)
    await link.close('DM_STOPPED', 'going home')
    await child.until(() => child.log.includes('closed'))
    expect(child.reason?.message).toContain('going home')
  })

  it('leaves no socket behind when the server closes with strangers connected', async () => {
    const { server, link, parent } = await overTcp(plainSecure(), plainSecure())
    await parent.until(() => link.isUp)
    const stranger = connect(server.address.port, '127.0.0.1')
    stranger.on('error', () => {})
    undo.push(() => stranger.destroy())
    await new Promise((resolve) => stranger.once('connect', resolve))
    const gone = new Promise((resolve) => stranger.once('close', resolve))
    stranger.resume()
    await server.close('DM_STOPPED', 'closing time')
    await gone
    await parent.until(() => parent.log.includes('closed'))
    expect(parent.reason?.code).toBe('DM_STOPPED')
  })
})

describe('a link over TLS over TCP', () => {
  it('carries large messages both ways and resumes', async () => {
    const { link, wire, parent, child, childSend } = await overTls()
    await parent.until(() => link.isUp)
    expect(link.peer?.recognisedBy).toEqual(['secret'])
    const large = 'x'.repeat(5_000_000)
    link.send(text(large))
    childSend(large)
    await child.until(() => child.messages.length === 1)
    link.send(text('after'))
    wire.cut()
    childSend('after')
    await child.until(() => child.messages.length === 2)
    await parent.until(() => parent.messages.length === 2)
    expect(child.messages).toEqual([large, 'after'])
    expect(parent.messages).toEqual([large, 'after'])
    expect(parent.log).not.toContain('reset')
  })

  it('fails with a man in the middle who ends TLS on both sides and passes everything on', async () => {
    const { server } = await overTls()
    const [toChild, toParent] = await Promise.all([material(), material()])
    const middle = await tcpCarrier().listen(loopback, (raw) => {
      relay(raw, toParent, toChild, server.address.port).catch(() => raw.stream.destroy())
    })
    undo.push(() => middle.close())
    const victim = new Events()
    const ofParent = await material()
    const link = dialLink({
      system: realSystem,
      heartbeatMs: 200,
      about: () => null,
      carrier: tcpCarrier(),
      address: middle.address,
      secure: (raw, signal) => secureClient(raw, ofParent, '127.0.0.1', signal),
      trust: testTrust(7, { verify: verifySignature, secret: 'a secret of 16 bytes' }),
      epoch: 1,
      events: victim,
    })
    undo.push(() => link.close('DM_STOPPED', 'the test is over'))
    link.start()
    await victim.until(() => victim.refusals.length > 0)
    expect(victim.refusals[0]?.reason.code).toBe('DM_IDENTITY_REFUSED')
    expect(server.refusals.get('DM_IDENTITY_REFUSED')).toBe(1)
  })
})

/** The man in the middle has certificates of his own, which nobody pinned. */
async function relay(
  raw: RawConnection,
  toParent: TlsMaterial,
  toChild: TlsMaterial,
  port: number,
): Promise<void> {
  const { signal } = new AbortController()
  const onward = await tcpCarrier().dial({ host: '127.0.0.1', port }, signal)
  const [near, far] = await Promise.all([
    secureServer(raw, toParent, signal),
    secureClient(onward, toChild, '127.0.0.1', signal),
  ])
  near.stream.on('error', () => {}).pipe(far.stream.on('error', () => {}))
  far.stream.pipe(near.stream)
  undo.push(() => [near, far].map(({ stream }) => stream.destroy()))
}
