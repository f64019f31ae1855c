/** Somebody between parent and child: passes bytes on as they are, changed, or out of TLS into TLS. */
import type { Duplex } from 'node:stream'
import { Transform } from 'node:stream'
import type { CarrierAddress, RawConnection } from '../../src/transport/carrier.js'
import { makeCertificate } from '../../src/transport/self-signed.js'
import { tcpCarrier } from '../../src/transport/tcp.js'
import { secureClient, secureServer } from '../../src/transport/tls.js'
import type { TlsMaterial } from '../../src/transport/tls-material.js'
import { never } from './connections.js'

export interface Middle {
  /** Where the victim is made to dial. */
  readonly address: CarrierAddress
  /** Connections that were passed on, both ends established. */
  readonly passed: () => number
  readonly close: () => Promise<void>
}

type Open = (raw: RawConnection, onward: RawConnection) => Promise<readonly [Duplex, Duplex]>

/** Changes what passes in either direction; undefined passes it on as it is. */
export interface Changes {
  readonly fromParent?: (chunk: Buffer) => Buffer
  readonly fromChild?: (chunk: Buffer) => Buffer
}

async function middle(child: CarrierAddress, changes: Changes, open: Open): Promise<Middle> {
  const streams = new Set<Duplex>()
  let passed = 0
  const pass = async (raw: RawConnection) => {
    streams.add(raw.stream)
    const onward = await tcpCarrier().dial(child, never)
    streams.add(onward.stream)
    const [near, far] = await open(raw, onward)
    passed += 1
    connect(near, far, changes.fromParent)
    connect(far, near, changes.fromChild)
  }
  const listener = await tcpCarrier().listen({ host: '127.0.0.1', port: 0 }, (raw) => {
    pass(raw).catch(() => raw.stream.destroy())
  })
  return {
    address: listener.address,
    passed: () => passed,
    close: async () => {
      await listener.close()
      for (const stream of streams) stream.destroy()
    },
  }
}

function connect(from: Duplex, to: Duplex, change: Changes['fromParent']): void {
  from.on('error', () => {}).on('close', () => to.destroy())
  if (change === undefined) {
    from.pipe(to)
    return
  }
  const changing = new Transform({
    transform: (chunk, _encoding, done) => done(null, change(chunk)),
  })
  from.pipe(changing).pipe(to)
}

/** A cable: whatever is on it stays end to end. */
export function cable(child: CarrierAddress, changes: Changes = {}): Promise<Middle> {
  return middle(child, changes, ({ stream }, onward) => Promise.resolve([stream, onward.stream]))
}

/** A man in the middle who ends TLS on both sides, with a certificate of his own for each. */
export async function tlsMiddle(child: CarrierAddress, changes: Changes = {}): Promise<Middle> {
  const [toParent, toChild] = await Promise.all([ownMaterial(), ownMaterial()])
  return middle(child, changes, async (raw, onward) => {
    const [near, far] = await Promise.all([
      secureServer(raw, toParent, never),
      secureClient(onward, toChild, '127.0.0.1', never),
    ])
    return [near.stream, far.stream]
  })
}

async function ownMaterial(): Promise<TlsMaterial> {
  const options = { requestCert: undefined, rejectUnauthorized: false, trustedConnections: [] }
  const own = await makeCertificate('a machine')
  return { own, pins: new Set(), authorities: [], options, loaded: [] }
}
