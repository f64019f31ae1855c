/** Old and new managers on one link, and somebody in between who would like them to be old. */
import { afterEach, describe, expect, it } from 'vitest'
import { Decoder } from '../../../src/link/codec/decoder.js'
import { type ProtocolRange, prefaceBytes } from '../../../src/link/codec/preface.js'
import { decodeIdentify } from '../../../src/link/handshake/messages.js'
import { splitProven } from '../../../src/link/handshake/proof.js'
import type { Carrier } from '../../../src/transport/carrier.js'
import { memoryCarrier } from '../../../src/transport/memory.js'
import { memoryPair } from '../../../src/transport/memory-pair.js'
import { LinkWorld, text } from '../../support/link-world.js'

type Alter = (bytes: Buffer) => Buffer

const unchanged: Alter = (bytes) => bytes

/** Somebody in between who reads everything and may change the first bytes of either side. */
interface Middle {
  readonly carrier: Carrier
  /** What the parent has sent, unchanged. */
  readonly heard: Buffer[]
}

function middle(inner: Carrier, toChild: Alter, toParent: Alter): Middle {
  const heard: Buffer[] = []
  const carrier: Carrier = {
    ...inner,
    async dial(address, signal) {
      const raw = await inner.dial(address, signal)
      const [near, far] = memoryPair()
      for (const end of [near, far]) end.on('error', () => {})
      // The preface is in the first chunk of either side.
      let [alterDown, alterUp] = [toChild, toParent]
      far.on('data', (chunk: Buffer) => {
        heard.push(Buffer.from(chunk))
        raw.stream.write(alterDown(chunk))
        alterDown = unchanged
      })
      raw.stream.on('data', (chunk: Buffer) => {
        if (!far.destroyed) far.write(alterUp(chunk))
        alterUp = unchanged
      })
      raw.stream.on('end', () => far.end())
      far.on('end', () => raw.stream.end())
      return { stream: near, remote: raw.remote }
    },
  }
  return { carrier, heard }
}

/** Claims that the sender of this preface speaks no more than `max`. */
function pretend(max: number): Alter {
  return (bytes) => {
    const altered = Buffer.from(bytes)
    altered[prefaceBytes - 1] = max
    return altered
  }
}

let world: LinkWorld

afterEach(async () => {
  await world.end()
  expect(world.system.pendingTimers).toBe(0)
})

async function meet(
  parent: ProtocolRange,
  child: ProtocolRange,
  { toChild = unchanged, toParent = unchanged } = {},
): Promise<Buffer> {
  world = new LinkWorld()
  const { carrier, heard } = middle(memoryCarrier(world.network), toChild, toParent)
  await world.serve({ protocols: child })
  world.dial({ carrier, protocols: parent })
  await world.system.settle()
  return Buffer.concat(heard)
}

/** The version that the parent named in IDENTIFY. */
function chosen(saidByParent: Buffer): number {
  const decoder = new Decoder()
  decoder.push(saidByParent)
  decoder.next()
  const identify = decoder.next()
  if (identify?.kind !== 'frame') throw new Error('the parent did not identify itself')
  return decodeIdentify(splitProven(identify.payload).body).protocol
}

describe('two managers of different versions', () => {
  it.each([
    [{ min: 1, max: 1 }, { min: 1, max: 2 }, 1],
    [{ min: 1, max: 2 }, { min: 1, max: 1 }, 1],
    [{ min: 1, max: 2 }, { min: 2, max: 3 }, 2],
    [{ min: 2, max: 3 }, { min: 1, max: 2 }, 2],
    [{ min: 1, max: 9 }, { min: 3, max: 7 }, 7],
  ])('that speak %o and %o agree on %i', async (parent, child, version) => {
    const said = await meet(parent, child)
    expect(chosen(said)).toBe(version)
    world.link.send(text('down'))
    world.childLink.send(text('up'))
    await world.system.settle()
    expect(world.child.messages).toEqual(['down'])
    expect(world.parent.messages).toEqual(['up'])
  })

  it.each([
    [{ min: 1, max: 1 }, { min: 2, max: 3 }, 'speaks 1, the other one 2 to 3'],
    [{ min: 2, max: 3 }, { min: 1, max: 1 }, 'speaks 2 to 3, the other one 1'],
  ])('that speak %o and %o both say why they do not meet', async (parent, child, words) => {
    const reasons: string[] = []
    world = new LinkWorld()
    await world.serve({
      protocols: child,
      onRefused: ({ code, message }) => reasons.push(`${code}: ${message}`),
    })
    world.dial({ protocols: parent })
    await world.system.settle()
    expect(world.parent.log).toEqual(['refused DM_PROTOCOL_VERSION'])
    const [refusal] = world.parent.refusals
    expect(refusal?.reason.message).toContain(words)
    expect(refusal?.refusal.fatal).toBe(true)
    expect(reasons).toEqual([expect.stringMatching(/^DM_PROTOCOL_VERSION: .*must be updated/)])
  })
})

describe('somebody in between who wants an older version', () => {
  const both = { min: 1, max: 2 }

  it('is found out by the proofs when he lies to both sides', async () => {
    const said = await meet(both, both, { toChild: pretend(1), toParent: pretend(1) })
    expect(chosen(said)).toBe(1)
    expect(world.parent.log).toEqual(['refused DM_IDENTITY_REFUSED'])
    expect(world.refusedByChild).toEqual(['DM_IDENTITY_REFUSED'])
    expect(world.children).toEqual([])
  })

  it.each([
    ['the child', { toChild: pretend(1) }],
    ['the parent', { toParent: pretend(1) }],
  ])('is found out by the version in IDENTIFY when he lies to %s alone', async (_whom, lies) => {
    await meet(both, both, lies)
    expect(world.parent.log).toEqual(['refused DM_HANDSHAKE_INVALID'])
    expect(world.refusedByChild).toEqual(['DM_HANDSHAKE_INVALID'])
    expect(world.children).toEqual([])
  })

  it('is found out, too, when he makes a range wider that has no effect', async () => {
    await meet(both, { min: 1, max: 1 }, { toChild: pretend(9) })
    expect(world.refusedByChild).toEqual(['DM_IDENTITY_REFUSED'])
    expect(world.children).toEqual([])
  })
})
