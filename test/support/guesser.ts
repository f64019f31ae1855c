/** Somebody who speaks the protocol well and knows everything but the secret. */
import { randomBytes } from 'node:crypto'
import { identityFromSeed, seedBytes, verifySignature } from '../../src/link/identity.js'
import { type DialedLink, dialLink } from '../../src/link/link-dialer.js'
import { realSystem } from '../../src/system/system.js'
import type { Carrier } from '../../src/transport/carrier.js'
import { secureClient } from '../../src/transport/tls.js'
import type { TlsMaterial } from '../../src/transport/tls-material.js'
import { dial, type Target } from './raw-clients.js'

const material: TlsMaterial = {
  own: undefined,
  pins: new Set(),
  authorities: [],
  options: { requestCert: undefined, rejectUnauthorized: false, trustedConnections: [] },
  loaded: [],
}

/** Tries one secret from one address; the code of the refusal, or `in`. */
export async function guess(target: Target, from: string, secret: string): Promise<string> {
  const carrier: Pick<Carrier, 'name' | 'dial'> = {
    name: 'tcp',
    dial: async (remote) => ({ stream: await dial(target, from), remote }),
  }
  const nothing = { down() {}, message() {}, reset() {}, closed() {}, health() {} }
  let link: DialedLink | undefined
  const code = await new Promise<string>((resolve) => {
    link = dialLink({
      system: realSystem,
      carrier: { ...carrier, listen: () => Promise.reject(new Error('it only dials')) },
      address: target,
      epoch: 1,
      heartbeatMs: 1_000,
      about: () => null,
      secure: (raw, signal) => secureClient(raw, material, target.host, signal),
      trust: {
        identity: identityFromSeed(randomBytes(seedBytes)),
        secret,
        trustedKeys: [],
        certificateDemanded: false,
        recall: () => 'known',
        remember: () => {},
        verify: verifySignature,
      },
      events: {
        ...nothing,
        up: () => resolve('in'),
        refused: (reason) => resolve(reason.code),
      },
    })
    link.start()
  })
  await link?.close('DM_STOPPED', 'that was the guess')
  return code
}
