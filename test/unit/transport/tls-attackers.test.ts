/** Peers that mean harm, or speak something else, or nothing at all. */
import { once } from 'node:events'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { RawConnection } from '../../../src/transport/carrier.js'
import { secureClient, secureServer } from '../../../src/transport/tls.js'
import { type CertificateFiles, CertificateFolder } from '../../support/certificates.js'
import { type ConnectedPair, connectPair, never, whenClosed } from '../../support/connections.js'
import { bothClosed, carriers, fulfilled, material, speakTls } from './tls-setup.js'

const folder = new CertificateFolder()
const undo: (() => unknown)[] = []
let parent: CertificateFiles
let child: CertificateFiles
let stranger: CertificateFiles

beforeAll(async () => {
  parent = await folder.leaf('parent')
  child = await folder.leaf('child')
  stranger = await folder.leaf('stranger')
})
afterAll(() => folder.remove())
afterEach(async () => {
  for (const one of undo.splice(0)) await one()
})

function strictChild(): ReturnType<typeof material> {
  return material({ ...child, requestCert: true, trustedConnections: [parent.public] })
}

describe.each(carriers)('over %s', (_name, carrier) => {
  async function connected(): Promise<ConnectedPair> {
    const pair = await connectPair(carrier())
    undo.push(pair.undo)
    return pair
  }

  it.each([
    ['without a certificate', () => material({}), 'none', 'showed no certificate'],
    ['with an unknown certificate', () => material(stranger), 'unknown', 'is not in trusted'],
  ])('a parent %s is cut off, and both sides say why', async (_case, make, given, message) => {
    const { client, server, pair } = await speakTls(carrier(), make(), strictChild())
    undo.push(pair.undo)
    expect(server).toMatchObject({
      status: 'rejected',
      reason: {
        code: 'DM_CERTIFICATE_REFUSED',
        given,
        message: expect.stringContaining(message),
      },
    })
    // The client was through before the server judged; its stream then fails instead of ending.
    const { stream } = fulfilled(client)
    stream.write('something that must not be read')
    stream.resume()
    await whenClosed(stream)
    expect(stream.readableDidRead).toBe(false)
    await bothClosed(pair)
  })

  it('a peer that leaves without a word gets no TLS at all', async () => {
    const pair = await connected()
    pair.near.stream.end()
    await expect(secureServer(pair.far, material(child), never)).rejects.toMatchObject({
      code: 'DM_TLS_FAILED',
      message: expect.stringContaining('before it said anything'),
    })
    expect(pair.far.stream.destroyed).toBe(true)
  })

  it('a peer that says nothing is waited for as long as the signal says, and no longer', async () => {
    const pair = await connected()
    const controller = new AbortController()
    const secured = secureServer(pair.far, material(child), controller.signal)
    const reason = new Error('time is up')
    controller.abort(reason)
    await expect(secured).rejects.toBe(reason)
    expect(pair.far.stream.destroyed).toBe(true)
  })

  it('a peer whose first bytes were there already is served', async () => {
    const pair = await connected()
    const client = secureClient(pair.near, material({}), '127.0.0.1', never)
    await expect.poll(() => pair.far.stream.read(0) ?? pair.far.stream.readableLength).not.toBe(0)
    const server = await secureServer(pair.far, material(child), never)
    expect(server.channelBinding).toEqual((await client).channelBinding)
  })

  it('tells a parent that says nothing that its certificate may be the reason', async () => {
    const { client, pair } = await speakTls(carrier(), material(stranger), strictChild())
    undo.push(pair.undo)
    const { stream } = fulfilled(client)
    stream.resume()
    await whenClosed(stream)
    expect(stream.errored).toMatchObject({
      code: 'DM_TLS_FAILED',
      message: expect.stringContaining('may not trust the certificate of this side'),
    })
  })

  it('a child with an unknown certificate is cut off before anything is exchanged', async () => {
    const strictParent = material({ ...parent, trustedConnections: [child.public] })
    const { client, server, pair } = await speakTls(carrier(), strictParent, material(stranger))
    undo.push(pair.undo)
    expect(client).toMatchObject({
      status: 'rejected',
      reason: { code: 'DM_CERTIFICATE_REFUSED', message: expect.stringContaining('SHA-256') },
    })
    if (server.status === 'fulfilled') {
      const { stream } = server.value
      stream.resume()
      await whenClosed(stream)
      expect(stream.readableDidRead).toBe(false)
    }
    await bothClosed(pair)
  })

  it('a certificate is worth nothing without its private key', async () => {
    const pair = await connected()
    const { cert } = strictChild().own ?? expect.unreachable()
    expect(() =>
      connectTls({ cert, key: material(stranger).own?.key, socket: pair.near.stream }),
    ).toThrow(/key values mismatch/)
  })

  it('a man in the middle has another channel binding on each side', async () => {
    const [toMiddle, toChild] = [await connected(), await connected()]
    const [near, middleNear, middleFar, far] = await Promise.all([
      secureClient(toMiddle.near, material(parent), '127.0.0.1', never),
      secureServer(toMiddle.far, material(stranger), never),
      secureClient(toChild.near, material(stranger), '127.0.0.1', never),
      secureServer(toChild.far, material(child), never),
    ])
    middleNear.stream.pipe(middleFar.stream).pipe(middleNear.stream)
    near.stream.write('hello')
    expect(String((await once(far.stream, 'data'))[0])).toBe('hello')
    expect(near.channelBinding).toEqual(middleNear.channelBinding)
    expect(far.channelBinding).toEqual(middleFar.channelBinding)
    expect(near.channelBinding).not.toEqual(far.channelBinding)
  })

  it.each([
    ['plain text', 'GET / HTTP/1.1\r\nHost: machine\r\n\r\n'],
    ['zeros', Buffer.alloc(4096)],
    ['a TLS record that lies about its length', Buffer.from('1603010fff010000', 'hex')],
  ])('%s sent to a TLS server ends in DM_TLS_FAILED', async (_case, bytes) => {
    const pair = await connected()
    pair.near.stream.resume()
    pair.near.stream.end(bytes)
    const securing = secureServer(pair.far, material(child), never)
    await expect(securing).rejects.toMatchObject({ code: 'DM_TLS_FAILED' })
    await bothClosed(pair)
  })

  it('a server that answers in plain text ends in DM_TLS_FAILED with a hint', async () => {
    const pair = await connected()
    pair.far.stream.resume()
    pair.far.stream.write('220 mail.example ESMTP\r\n')
    await expect(
      secureClient(pair.near, material(parent), '127.0.0.1', never),
    ).rejects.toMatchObject({
      code: 'DM_TLS_FAILED',
      message: expect.stringContaining('is `tls: false` set on one side only?'),
    })
    await bothClosed(pair)
  })

  it.each([
    [
      'server',
      (raw: RawConnection, signal: AbortSignal) => secureServer(raw, material(child), signal),
    ],
    [
      'client',
      (raw: RawConnection, signal: AbortSignal) =>
        secureClient(raw, material(parent), 'localhost', signal),
    ],
  ])('a %s is freed by its signal from a peer that never finishes', async (_side, secure) => {
    const pair = await connected()
    const controller = new AbortController()
    const securing = secure(pair.far, controller.signal)
    // The first bytes of a TLS record, and then silence.
    pair.near.stream.resume()
    pair.near.stream.write(Buffer.from('1603', 'hex'))
    await new Promise((resolve) => setImmediate(resolve))
    const reason = new Error('took too long')
    controller.abort(reason)
    await expect(securing).rejects.toBe(reason)
    await bothClosed(pair)
  })

  it('nothing is begun when the signal has aborted already', async () => {
    const pair = await connected()
    const reason = new Error('too late')
    const securing = secureServer(pair.far, material(child), AbortSignal.abort(reason))
    await expect(securing).rejects.toBe(reason)
    expect(pair.far.stream.destroyed).toBe(true)
  })

  it('a peer that hangs up in the middle ends in DM_TLS_FAILED on either side', async () => {
    const [one, other] = [await connected(), await connected()]
    const server = secureServer(one.far, material(child), never)
    one.near.stream.destroy()
    await expect(server).rejects.toMatchObject({ code: 'DM_TLS_FAILED' })
    const client = secureClient(other.near, material(parent), '127.0.0.1', never)
    other.far.stream.destroy()
    await expect(client).rejects.toMatchObject({ code: 'DM_TLS_FAILED' })
    await Promise.all([bothClosed(one), bothClosed(other)])
  })

  it('a connection that our own side destroys in the middle ends in DM_TLS_FAILED', async () => {
    const [one, other] = [await connected(), await connected()]
    const securing = Promise.allSettled([
      secureServer(one.far, material(child), never),
      secureClient(other.near, material(parent), '127.0.0.1', never),
    ])
    one.far.stream.destroy()
    other.near.stream.destroy()
    const failed = { status: 'rejected', reason: { code: 'DM_TLS_FAILED' } }
    expect(await securing).toMatchObject([failed, failed])
    const late = secureServer(one.far, material(child), never)
    await expect(late).rejects.toMatchObject({ code: 'DM_TLS_FAILED' })
  })

  it('a client that knows only TLS 1.2 is turned away', async () => {
    const pair = await connected()
    const old = connectTls({
      socket: pair.near.stream,
      maxVersion: 'TLSv1.2',
      rejectUnauthorized: false,
    })
    old.on('error', () => {})
    await expect(secureServer(pair.far, material(child), never)).rejects.toMatchObject({
      code: 'DM_TLS_FAILED',
      message: expect.stringContaining('does not offer TLS 1.3'),
    })
    await bothClosed(pair)
  })

  it.each([['h2'], [undefined]])(
    'a TLS client for another protocol (%s) is turned away',
    async (alpn) => {
      const pair = await connected()
      const browser = connectTls({
        socket: pair.near.stream,
        rejectUnauthorized: false,
        ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
      })
      browser.on('error', () => {}).resume()
      await expect(secureServer(pair.far, material(child), never)).rejects.toMatchObject({
        code: 'DM_TLS_FAILED',
        message: expect.stringContaining('not a discordoo-machines manager'),
      })
      await bothClosed(pair)
    },
  )

  it('a TLS server for another protocol is found out by the client', async () => {
    const pair = await connected()
    const web = createTlsServer({ ...material(stranger).own, ALPNProtocols: ['h2'] })
    web.on('tlsClientError', () => {})
    web.emit('connection', pair.far.stream)
    await expect(
      secureClient(pair.near, material(parent), '127.0.0.1', never),
    ).rejects.toMatchObject({
      code: 'DM_TLS_FAILED',
      message: expect.stringContaining('not a discordoo-machines manager'),
    })
    await bothClosed(pair)
  })
})
