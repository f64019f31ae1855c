/** What holds for links over every carrier, with every kind of security. */
import { createHash, randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { MachinesError } from '../../src/errors.js'
import { dialLink } from '../../src/link/link-dialer.js'
import { type ServeOptions, serveLinks } from '../../src/link/link-server.js'
import { realSystem } from '../../src/system/system.js'
import type { SecuredConnection } from '../../src/transport/secured-connection.js'
import { makeCertificate } from '../../src/transport/self-signed.js'
import { plain, secureClient, secureServer } from '../../src/transport/tls.js'
import { loadTlsMaterial, type TlsMaterial } from '../../src/transport/tls-material.js'
import { carriers } from '../support/carriers.js'
import { type CertificateFiles, CertificateFolder } from '../support/certificates.js'
import { connectPair, never, whenClosed } from '../support/connections.js'
import { Recorder, text } from '../support/link-world.js'
import { testTrust } from '../support/test-identity.js'

type Secure = ServeOptions['secure']

interface BothEnds {
  readonly parent: Secure
  readonly child: Secure
  /** A parent that trusts another child than this one; there is none without certificates. */
  readonly wrongParent?: Secure
}

const folder = new CertificateFolder()
const undo: (() => unknown)[] = []
let files: Record<'parent' | 'child' | 'stranger', CertificateFiles>

beforeAll(async () => {
  files = {
    parent: await folder.leaf('parent'),
    child: await folder.leaf('child'),
    stranger: await folder.leaf('stranger'),
  }
})
afterAll(() => folder.remove())
afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one()
})

function material(own: CertificateFiles, trusted: readonly CertificateFiles[]): TlsMaterial {
  const trustedConnections = trusted.map(({ public: file }) => file)
  const options = { dhparam: undefined, requestCert: true, rejectUnauthorized: true }
  return loadTlsMaterial({ ...own, ...options, trustedConnections }, 'machines.tls', undefined)
}

function asParent(given: TlsMaterial): Secure {
  return (raw, signal) => secureClient(raw, given, raw.remote.host, signal)
}

function asChild(given: TlsMaterial): Secure {
  return (raw, signal) => secureServer(raw, given, signal)
}

function userCertificates(): Promise<BothEnds> {
  const { parent, child, stranger } = files
  return Promise.resolve({
    parent: asParent(material(parent, [child])),
    child: asChild(material(child, [parent])),
    wrongParent: asParent(material(parent, [stranger])),
  })
}

/** Nothing is configured: the child shows what it made, and nobody is trusted by a certificate. */
async function madeAtStart(): Promise<BothEnds> {
  const options = { requestCert: undefined, rejectUnauthorized: false, trustedConnections: [] }
  const bare = { pins: new Set<string>(), authorities: [], options, loaded: [] }
  const own = await makeCertificate('a machine')
  const pinned = material(files.parent, [files.stranger])
  return {
    parent: asParent({ ...bare, own: undefined }),
    child: asChild({ ...bare, own }),
    wrongParent: asParent(pinned),
  }
}

function withoutTls(): Promise<BothEnds> {
  return Promise.resolve({ parent: plain, child: plain })
}

const securities = [
  { security: 'TLS with user certificates', make: userCertificates, encrypted: true },
  { security: 'TLS with a certificate made at start', make: madeAtStart, encrypted: true },
  { security: 'tls: false', make: withoutTls, encrypted: false },
]

const combinations = carriers.flatMap((carrier) =>
  securities.map((one) => ({ ...one, carrier, name: carrier.name })),
)

const words = Array.from({ length: 100 }, (_, n) => `${n} ${'.'.repeat((n * 7_919) % 100_000)}`)

/** Resolves with the hash of the first `count` bytes that come. */
function hashOf(stream: Duplex, count: number): Promise<string> {
  const hash = createHash('sha256')
  let left = count
  return new Promise((resolve, reject) => {
    stream.on('close', () => reject(new Error(`closed with ${left} bytes missing`)))
    stream.on('data', (bytes: Buffer) => {
      hash.update(bytes)
      left -= bytes.length
      if (left <= 0) resolve(hash.digest('hex'))
    })
  })
}

describe.each(combinations)('$name with $security', ({ carrier, make, encrypted }) => {
  async function secured(): Promise<readonly [SecuredConnection, SecuredConnection]> {
    const { parent, child } = await make()
    const { near, far, undo: close } = await connectPair(carrier.make(), carrier.host)
    undo.push(close)
    return Promise.all([parent(near, never), child(far, never)])
  }

  it('gives both ends one channel binding', async () => {
    const [near, far] = await secured()
    expect([near.encrypted, far.encrypted]).toEqual([encrypted, encrypted])
    expect(near.channelBinding).toHaveLength(encrypted ? 32 : 0)
    expect(far.channelBinding).toEqual(near.channelBinding)
  })

  it('carries 20 MB each way at once, in order and unchanged', async () => {
    const [near, far] = await secured()
    const [fromNear, fromFar] = [randomBytes(20_000_000), randomBytes(20_000_000)]
    const heard = Promise.all([
      hashOf(far.stream, fromNear.length),
      hashOf(near.stream, fromFar.length),
    ])
    near.stream.write(fromNear)
    far.stream.write(fromFar)
    const sent = [fromNear, fromFar].map((one) => createHash('sha256').update(one).digest('hex'))
    expect(await heard).toEqual(sent)
  }, 60_000)

  it('ends both sides after the last words', async () => {
    const [near, far] = await secured()
    const closed = Promise.all([whenClosed(near.stream), whenClosed(far.stream)])
    const heard: Buffer[] = []
    far.stream.on('data', (bytes: Buffer) => heard.push(bytes))
    near.stream.resume()
    near.stream.end('last words')
    await closed
    expect(Buffer.concat(heard).toString()).toBe('last words')
    expect(far.stream.errored).toBeNull()
  })

  it('carries a link: handshake, messages of all sizes in order, goodbye', async () => {
    const { parent, child } = await make()
    const both = carrier.make()
    const [ofParent, ofChild] = [new Recorder(), new Recorder()]
    const common = { system: realSystem, heartbeatMs: 1_000, about: () => null }
    const server = await serveLinks({
      ...common,
      carrier: both,
      address: { host: carrier.host, port: 0 },
      secure: child,
      trust: testTrust(2),
      admit: () => ({ accept: true, about: null }),
      onLink: (link) => {
        ofChild.up = () => words.map((word) => link.send(text(word)))
        return ofChild
      },
      onRefused: () => {},
    })
    undo.push(() => server.close('DM_STOPPED', 'the test is over'))
    const link = dialLink({
      ...common,
      carrier: both,
      address: server.address,
      secure: parent,
      trust: testTrust(1),
      epoch: 1,
      events: ofParent,
    })
    undo.push(() => link.close('DM_STOPPED', 'the test is over'))
    link.start()
    for (const word of words) link.send(text(word))
    await expect.poll(() => ofChild.messages.length, { timeout: 20_000 }).toBe(words.length)
    await expect.poll(() => ofParent.messages.length, { timeout: 20_000 }).toBe(words.length)
    expect(ofChild.messages).toEqual(words)
    expect(ofParent.messages).toEqual(words)
    await link.close('DM_STOPPED', 'that was all')
    await expect.poll(() => ofChild.reason).toMatchObject({ code: 'DM_STOPPED' })
  }, 60_000)
})

const underTls = combinations.filter(({ encrypted }) => encrypted)

describe.each(underTls)('$name with $security', ({ carrier, make }) => {
  it('gives up in the middle of TLS and leaves nothing open', async () => {
    const { parent } = await make()
    const { near, far, undo: close } = await connectPair(carrier.make(), carrier.host)
    undo.push(close)
    const controller = new AbortController()
    const securing = parent(near, controller.signal)
    // The other side says nothing, so the handshake cannot end by itself.
    far.stream.resume()
    const reason = new MachinesError('DM_HANDSHAKE_TIMEOUT', 'too late')
    controller.abort(reason)
    await expect(securing).rejects.toBe(reason)
    await Promise.all([whenClosed(near.stream), whenClosed(far.stream)])
  })

  it('refuses a child with a wrong certificate', async () => {
    const { child, wrongParent = plain } = await make()
    const { near, far, undo: close } = await connectPair(carrier.make(), carrier.host)
    undo.push(close)
    const accepted = child(far, never).then(
      ({ stream }) => whenClosed(stream.resume()),
      () => whenClosed(far.stream),
    )
    await expect(wrongParent(near, never)).rejects.toMatchObject({
      code: 'DM_CERTIFICATE_REFUSED',
    })
    await Promise.all([accepted, whenClosed(near.stream)])
  })
})
