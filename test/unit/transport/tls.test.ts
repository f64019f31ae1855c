import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ResolvedTls } from '../../../src/options/resolved-options.js'
import type { Carrier } from '../../../src/transport/carrier.js'
import { MemoryNetwork, memoryCarrier } from '../../../src/transport/memory.js'
import { plain } from '../../../src/transport/tls.js'
import type { TlsMaterial } from '../../../src/transport/tls-material.js'
import { type CertificateFiles, CertificateFolder } from '../../support/certificates.js'
import { connectPair, whenClosed } from '../../support/connections.js'
import {
  bothClosed,
  carriers,
  fulfilled,
  material,
  speakTls,
  type TlsOutcome,
} from './tls-setup.js'

const folder = new CertificateFolder()
const undo: (() => unknown)[] = []
let parent: CertificateFiles
let child: CertificateFiles
let authority: CertificateFiles

beforeAll(async () => {
  parent = await folder.leaf('parent', { hosts: ['somewhere-else.example'] })
  child = await folder.leaf('child', { hosts: ['another-host.example'] })
  authority = await folder.authority('authority')
})
afterAll(() => folder.remove())
afterEach(async () => {
  for (const one of undo.splice(0)) await one()
})

async function speak(...given: Parameters<typeof speakTls>): Promise<TlsOutcome> {
  const outcome = await speakTls(...given)
  undo.push(outcome.pair.undo)
  return outcome
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Trusts the authority and one certificate. */
function trusting(own: CertificateFiles, other: CertificateFiles): TlsMaterial {
  const trustedConnections = [authority.public, other.public]
  return material({ ...own, requestCert: true, trustedConnections })
}

function trusted(): Pick<ResolvedTls, 'trustedConnections'> {
  return { trustedConnections: [authority.public] }
}

/** The two verdicts of a channel that came about. */
async function verdicts(...given: Parameters<typeof speakTls>): Promise<readonly string[]> {
  const { client, server } = await speak(...given)
  return [fulfilled(client).certificate, fulfilled(server).certificate]
}

describe.each(carriers)('TLS over %s', (_name, make) => {
  it('is version 1.3, and gives both sides the same binding, new for each channel', async () => {
    const bindings: string[] = []
    for (let round = 0; round < 2; round += 1) {
      const { client, server } = await speak(make(), material(parent), material(child))
      const [near, far] = [fulfilled(client), fulfilled(server)]
      expect(near.stream).toBeInstanceOf(TLSSocket)
      expect((near.stream as TLSSocket).getProtocol()).toBe('TLSv1.3')
      expect([near.encrypted, far.encrypted]).toEqual([true, true])
      expect(near.channelBinding).toHaveLength(32)
      expect(far.channelBinding).toEqual(near.channelBinding)
      bindings.push(Buffer.from(near.channelBinding).toString('hex'))
    }
    expect(bindings[0]).not.toBe(bindings[1])
  })

  it('carries 4 MiB both ways and closes everything under it', async () => {
    const { client, server, pair } = await speak(make(), material(parent), material(child))
    const [near, far] = [fulfilled(client).stream, fulfilled(server).stream]
    const sent = randomBytes(4 * 1024 * 1024)
    far.pipe(far)
    near.end(sent)
    expect(hash(await buffer(near))).toBe(hash(sent))
    await bothClosed(pair)
  })

  it('takes the raw stream along when it is destroyed, and the other side hears of it', async () => {
    const { client, server, pair } = await speak(make(), material(parent), material(child))
    fulfilled(client).stream.destroy()
    fulfilled(server).stream.resume()
    await bothClosed(pair)
    await whenClosed(fulfilled(server).stream)
  })

  it('survives a connection that breaks when nobody listens', async () => {
    const { client, server, pair } = await speak(make(), material(parent), material(child))
    pair.far.stream.destroy(new Error('the cable was pulled'))
    fulfilled(client).stream.write('into the void')
    fulfilled(client).stream.resume()
    await Promise.all([bothClosed(pair), whenClosed(fulfilled(client).stream)])
    await whenClosed(fulfilled(server).stream)
  })

  it('accepts a pinned certificate by what it is, whatever host it bears', async () => {
    const both = verdicts(make(), trusting(parent, child), trusting(child, parent))
    expect(await both).toEqual(['pinned', 'pinned'])
  })

  it('hands the verdict up where nothing is insisted on', async () => {
    const lax = { rejectUnauthorized: false, trustedConnections: [authority.public] }
    const strangers = verdicts(
      make(),
      material({ ...parent, ...lax }),
      material({ ...child, ...lax }),
    )
    expect(await strangers).toEqual(['unknown', 'unknown'])
    expect(await verdicts(make(), material({}), material(child))).toEqual(['unknown', 'none'])
    const unasked = material({ ...child, requestCert: false, trustedConnections: [parent.public] })
    expect(await verdicts(make(), material(parent), unasked)).toEqual(['unknown', 'none'])
  })
})

/** Certificates are judged above the carrier, so one will do. */
function carrier(): Carrier {
  return memoryCarrier(new MemoryNetwork())
}

describe('a certificate that an authority signed', () => {
  it.each([
    ['127.0.0.1', ['127.0.0.1']],
    ['::1', ['::1']],
    ['fe80::1%eth0', ['fe80::1']],
    ['machine.example', ['machine.example']],
    ['one.machines.example', ['*.machines.example']],
  ])('is accepted for %s when it bears %j', async (host, hosts) => {
    const server = await folder.leaf('signed-child', { by: authority, hosts })
    const client = await folder.leaf('signed-parent', { by: authority })
    const both = verdicts(
      carrier(),
      material({ ...client, ...trusted() }),
      material({ ...server, ...trusted() }),
      host,
    )
    expect(await both).toEqual(['authority', 'authority'])
  })

  it('is refused by the parent when it bears another host, and the reason says so', async () => {
    const server = await folder.leaf('other-child', { by: authority, hosts: ['other.example'] })
    const { client } = await speak(
      carrier(),
      material({ ...parent, ...trusted() }),
      material(server),
      'machine.example',
    )
    expect(client).toMatchObject({
      status: 'rejected',
      reason: {
        code: 'DM_CERTIFICATE_REFUSED',
        given: 'unknown',
        message: expect.stringContaining('but not for machine.example'),
      },
    })
  })

  it('is refused after it has expired, while a pinned one is still accepted', async () => {
    const notAfter = new Date(Date.now() - 24 * 3600 * 1000)
    const notBefore = new Date(notAfter.getTime() - 24 * 3600 * 1000)
    const expired = await folder.leaf('expired', {
      by: authority,
      hosts: ['127.0.0.1'],
      notBefore,
      notAfter,
    })
    const { client } = await speak(
      carrier(),
      material({ ...parent, ...trusted() }),
      material(expired),
    )
    expect(client).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('CERT_HAS_EXPIRED') },
    })
    const pinning = material({ ...parent, trustedConnections: [expired.public] })
    expect(await verdicts(carrier(), pinning, material(expired))).toEqual(['pinned', 'unknown'])
  })

  it('is accepted when the authority is not a root and its root is not trusted', async () => {
    const middle = await folder.authority('middle', { by: authority })
    const server = await folder.leaf('below', { by: middle, hosts: ['127.0.0.1'] })
    const pinsMiddle = material({ ...parent, trustedConnections: [middle.public] })
    expect(await verdicts(carrier(), pinsMiddle, material(server))).toEqual([
      'authority',
      'unknown',
    ])
  })

  it('is accepted when the peer sends the authorities between it and the trusted root', async () => {
    const middle = await folder.authority('between', { by: authority })
    const server = await folder.leaf('beneath', { by: middle, hosts: ['127.0.0.1'] })
    const chain = readFileSync(server.public, 'utf8') + readFileSync(middle.public, 'utf8')
    const sendsChain = material({ ...server, public: folder.write('chain.pub', chain) })
    const trustsRoot = material({ ...parent, ...trusted() })
    expect(await verdicts(carrier(), trustsRoot, sendsChain)).toEqual(['authority', 'unknown'])
  })
})

describe('plain', () => {
  it('passes the connection on and claims nothing', async () => {
    const pair = await connectPair(carrier())
    undo.push(pair.undo)
    expect(await plain(pair.near)).toEqual({
      stream: pair.near.stream,
      remote: pair.near.remote,
      encrypted: false,
      channelBinding: new Uint8Array(),
      certificate: 'none',
    })
  })
})
