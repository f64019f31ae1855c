import { afterEach, expect, it } from 'vitest'
import { dialLink } from '../../../src/link/link-dialer.js'
import { serveLinks } from '../../../src/link/link-server.js'
import { realSystem } from '../../../src/system/system.js'
import type { Carrier, RawConnection } from '../../../src/transport/carrier.js'
import { tcpCarrier } from '../../../src/transport/tcp.js'
import { tcpAndUdp } from '../../../src/transport/tcp-and-udp.js'
import { udpCarrier } from '../../../src/transport/udp.js'
import { plainSecure, Recorder, text } from '../../support/link-world.js'
import { testTrust } from '../../support/test-identity.js'

const undo: (() => unknown)[] = []

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

/** Dials over UDP first, and over TCP when that connection has broken. */
class Switching implements Carrier {
  readonly name = 'tcp'
  readonly used: string[] = []
  readonly #carriers = [udpCarrier('udp4'), tcpCarrier()] as const
  #last: RawConnection | undefined

  async dial(...given: Parameters<Carrier['dial']>): Promise<RawConnection> {
    const carrier = this.used.length === 0 ? this.#carriers[0] : this.#carriers[1]
    this.used.push(carrier.name)
    this.#last = await carrier.dial(...given)
    return this.#last
  }

  listen(): Promise<never> {
    return Promise.reject(new Error('it only dials'))
  }

  break(): void {
    this.#last?.stream.destroy()
  }
}

it('resumes a session over the other carrier, and loses nothing', async () => {
  const [parent, child] = [new Recorder(), new Recorder()]
  const common = { system: realSystem, heartbeatMs: 500, about: () => null, secure: plainSecure() }
  const server = await serveLinks({
    ...common,
    carrier: tcpAndUdp({ bounds: {}, udp: 'required', onWarning: () => {} }),
    address: { host: '127.0.0.1', port: 0 },
    trust: testTrust(2),
    admit: () => ({ accept: true, about: null }),
    onLink: () => child,
    onRefused: () => {},
  })
  undo.push(() => server.close('DM_STOPPED', 'the test is over'))
  const carrier = new Switching()
  const link = dialLink({
    ...common,
    carrier,
    address: server.address,
    trust: testTrust(1),
    epoch: 1,
    events: parent,
  })
  undo.push(() => link.close('DM_STOPPED', 'the test is over'))
  const words = Array.from({ length: 50 }, (_, n) => `${n} ${'.'.repeat(n * 1_000)}`)
  link.start()
  await expect.poll(() => link.isUp).toBe(true)
  for (const word of words.slice(0, 25)) link.send(text(word))
  carrier.break()
  for (const word of words.slice(25)) link.send(text(word))
  await expect.poll(() => child.messages.length, { timeout: 10_000 }).toBe(words.length)
  expect(child.messages).toEqual(words)
  expect(carrier.used).toEqual(['udp4', 'tcp'])
  expect(parent.log).toEqual(['up', 'down', 'resumed'])
})
