/** Two ends of one TLS channel over a carrier, for the tests of `tls.ts`. */
import type { ResolvedTls } from '../../../src/options/resolved-options.js'
import type { Carrier } from '../../../src/transport/carrier.js'
import { MemoryNetwork, memoryCarrier } from '../../../src/transport/memory.js'
import type { SecuredConnection } from '../../../src/transport/secured-connection.js'
import { tcpCarrier } from '../../../src/transport/tcp.js'
import { secureClient, secureServer } from '../../../src/transport/tls.js'
import { loadTlsMaterial, type TlsMaterial } from '../../../src/transport/tls-material.js'
import { type ConnectedPair, connectPair, never, whenClosed } from '../../support/connections.js'

export const carriers: readonly [string, () => Carrier][] = [
  ['tcp', () => tcpCarrier()],
  ['memory', () => memoryCarrier(new MemoryNetwork())],
]

export function material(given: Partial<ResolvedTls>): TlsMaterial {
  const tls: ResolvedTls = {
    public: undefined,
    private: undefined,
    dhparam: undefined,
    requestCert: undefined,
    rejectUnauthorized: true,
    trustedConnections: [],
    ...given,
  }
  return loadTlsMaterial(tls, 'machines.tls', undefined)
}

export interface TlsOutcome {
  readonly client: PromiseSettledResult<SecuredConnection>
  readonly server: PromiseSettledResult<SecuredConnection>
  readonly pair: ConnectedPair
}

/** Connects and lets both sides speak TLS; gives what came of it on each. */
export async function speakTls(
  carrier: Carrier,
  clientMaterial: TlsMaterial,
  serverMaterial: TlsMaterial,
  host = '127.0.0.1',
): Promise<TlsOutcome> {
  const pair = await connectPair(carrier)
  const [client, server] = await Promise.allSettled([
    secureClient(pair.near, clientMaterial, host, never),
    secureServer(pair.far, serverMaterial, never),
  ])
  return { client, server, pair }
}

export function fulfilled<Value>(result: PromiseSettledResult<Value>): Value {
  if (result.status === 'rejected') throw result.reason
  return result.value
}

/** Resolves when nothing is left of the connection on either side. */
export async function bothClosed(pair: ConnectedPair): Promise<void> {
  await Promise.all([whenClosed(pair.near.stream), whenClosed(pair.far.stream)])
}
