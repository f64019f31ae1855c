/** Attackers on the network between two managers, with real TLS and real sockets. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { MachinesShardingOptions } from '../../../src/options/machines-options.js'
import type { CarrierAddress } from '../../../src/transport/carrier.js'
import { tcpCarrier } from '../../../src/transport/tcp.js'
import { type CertificateFiles, CertificateFolder } from '../../support/certificates.js'
import { never } from '../../support/connections.js'
import { Meeting } from '../../support/meeting.js'
import { cable, type Middle, tlsMiddle } from '../../support/middle.js'

type Given = Partial<MachinesShardingOptions>

const secret = 'a secret that both sides know'
const folder = new CertificateFolder()
const root = mkdtempSync(join(tmpdir(), 'machines-attackers-'))
let files: Record<'parent' | 'child', CertificateFiles>
let meeting: Meeting

beforeAll(async () => {
  files = { parent: await folder.leaf('parent'), child: await folder.leaf('child') }
})
afterAll(() => {
  folder.remove()
  rmSync(root, { recursive: true, force: true })
})
beforeEach(() => {
  meeting = new Meeting(mkdtempSync(join(root, 'state-')))
})
afterEach(() => meeting.end())

/** Options of both sides, by what they recognise each other. */
async function options(means: string): Promise<readonly [parent: Given, child: Given]> {
  switch (means) {
    case 'trustedConnections':
      return [
        { tls: { ...files.parent, trustedConnections: [files.child.public] } },
        { tls: { ...files.child, trustedConnections: [files.parent.public] } },
      ]
    case 'trustedKeys':
      return [
        { trustedKeys: [await meeting.keyOf('child')] },
        { trustedKeys: [await meeting.keyOf('parent')] },
      ]
    case 'secret':
      return [{ secret }, { secret }]
    default:
      await meeting.remember('child', 'parent', await meeting.keyOf('parent'))
      return [{}, {}]
  }
}

/** Puts somebody in between, whom the parent takes for the child it knows. */
function through(make: (child: CarrierAddress) => Promise<Middle>) {
  return async (child: CarrierAddress): Promise<CarrierAddress> => {
    const { address, close } = await make(child)
    meeting.onEnd(close)
    const key = await meeting.keyOf('child')
    await meeting.remember('parent', `127.0.0.1:${address.port}`, key)
    return address
  }
}

const allMeans = ['trustedConnections', 'trustedKeys', 'secret', 'an earlier meeting']

describe.each(allMeans)('where managers know each other by %s', (means) => {
  it('a mere cable between them changes nothing', async () => {
    const [parent, child] = await options(means)
    const words = await meeting.meet(parent, child, through(cable))
    expect(words.every((word) => word.startsWith('linked by'))).toBe(true)
  })

  it('a man in the middle with certificates of his own fails on both sides', async () => {
    const [parent, child] = await options(means)
    let middle: Middle | undefined
    const words = await meeting.meet(
      parent,
      child,
      through(async (address) => {
        middle = await tlsMiddle(address)
        return middle
      }),
    )
    if (means === 'trustedConnections') {
      expect(words[0]).toBe('DM_CERTIFICATE_REFUSED')
      expect(words[1]).toMatch(/^DM_(CERTIFICATE_REFUSED|TLS_FAILED|LINK_LOST)$/)
      return
    }
    expect(middle?.passed()).toBe(1)
    expect(words).toEqual(['DM_IDENTITY_REFUSED', 'DM_IDENTITY_REFUSED'])
    expect(meeting.childRefusals[0]?.message).toMatch(/signature does not fit|secret is another/)
  })
})

function raiseVersion(chunk: Buffer): Buffer {
  if (chunk.subarray(0, 4).toString('latin1') === 'DSCM') chunk.writeUInt8(9, 5)
  return chunk
}

function raiseEpoch(chunk: Buffer): Buffer {
  return Buffer.from(chunk.toString('latin1').replace('"epoch":1', '"epoch":2'), 'latin1')
}

describe('a man in the middle', () => {
  it('fails even where nobody knows anybody yet', async () => {
    const words = await meeting.meet({}, {}, async (address) => {
      const middle = await tlsMiddle(address)
      meeting.onEnd(middle.close)
      return middle.address
    })
    expect(words).toEqual(['DM_IDENTITY_REFUSED', 'DM_IDENTITY_REFUSED'])
  })

  it('cannot talk two managers down by changing the prefaces, not even without TLS', async () => {
    // Both speak version 1 alone today, so he raises what each offers: the same bytes are covered.
    const plain = { tls: false, secret } as const
    const changes = { fromParent: raiseVersion, fromChild: raiseVersion }
    const words = await meeting.meet(
      plain,
      plain,
      through((address) => cable(address, changes)),
    )
    expect(words).toEqual(['DM_IDENTITY_REFUSED', 'DM_IDENTITY_REFUSED'])
  })

  it('cannot change what is said in the handshake, not even without TLS', async () => {
    const plain = { tls: false, secret } as const
    const words = await meeting.meet(
      plain,
      plain,
      through((address) => cable(address, { fromParent: raiseEpoch })),
    )
    expect(words).toEqual(['DM_IDENTITY_REFUSED', 'DM_IDENTITY_REFUSED'])
  })
})

/** Two points of one parent; the second one is a cable to the first machine. */
async function twice(machines: Given): Promise<string> {
  const { address } = await meeting.serve(machines)
  const wire = await cable(address)
  meeting.onEnd(wire.close)
  const points = [
    { ...address, name: 'one' },
    { ...wire.address, name: 'two' },
  ]
  const parent = await meeting.parent(points, machines)
  expect(await meeting.dial(parent, 0)).toMatch(/^linked by/)
  return meeting.dial(parent, 1)
}

describe('somebody who leads one machine’s traffic to another machine', () => {
  it.each([
    ['a shared secret', { secret }],
    ['a first meeting', {}],
  ])(
    'is found out with %s: the parent is linked with that machine already',
    async (_means, machines) => {
      expect(await twice(machines)).toBe('DM_IDENTITY_REFUSED')
      expect(meeting.parentRefusals[0]?.message).toBe(
        'behind two is the machine that is linked as one already',
      )
    },
  )

  it('is found out where the parent knows the key of the right machine', async () => {
    const words = await meeting.meet({}, {}, async (address) => {
      const wire = await cable(address)
      meeting.onEnd(wire.close)
      const right = await new Meeting(join(root, 'another machine')).keyOf('child')
      await meeting.remember('parent', `127.0.0.1:${wire.address.port}`, right)
      return wire.address
    })
    expect(words).toEqual(['DM_IDENTITY_CHANGED', 'DM_IDENTITY_CHANGED'])
  })
})

describe('a recording', () => {
  it('of a whole connection, played to the child again, opens nothing', async () => {
    const said: Buffer[] = []
    const listen = (chunk: Buffer) => {
      said.push(Buffer.from(chunk))
      return chunk
    }
    const plain = { tls: false, secret } as const
    let address = { host: '', port: 0 }
    const first = await meeting.meet(
      plain,
      plain,
      through((child) => {
        address = child
        return cable(child, { fromParent: listen })
      }),
    )
    expect(first).toEqual(Array(2).fill('linked by secret'))
    const verdict = meeting.nextWordOfChild()
    await play(address, Buffer.concat(said))
    expect(await verdict).toBe('DM_IDENTITY_REFUSED')
    expect(meeting.childRefusals).toHaveLength(1)
  })
})

async function play(address: CarrierAddress, bytes: Buffer): Promise<void> {
  const { stream } = await tcpCarrier().dial(address, never)
  meeting.onEnd(() => stream.destroy())
  stream.resume()
  stream.write(bytes)
}
