/** Who links with whom: every way to recognise a peer on one side, with every one on the other. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { MachinesShardingOptions } from '../../../src/options/machines-options.js'
import { type CertificateFiles, CertificateFolder } from '../../support/certificates.js'
import { Meeting } from '../../support/meeting.js'
import { keyOf, testIdentity } from '../../support/test-identity.js'

type Means = 'certificate' | 'key' | 'secret' | 'nothing'
type Side = 'parent' | 'child'
type Given = Partial<MachinesShardingOptions>

const secret = 'a secret that both sides know'
const anotherSecret = 'a secret of somebody else'
const strangerKey = keyOf(testIdentity(99))
const allMeans: readonly Means[] = ['certificate', 'key', 'secret', 'nothing']

const folder = new CertificateFolder()
const root = mkdtempSync(join(tmpdir(), 'machines-matrix-'))
let files: Record<Side | 'stranger', CertificateFiles>
let meeting: Meeting

beforeAll(async () => {
  files = {
    parent: await folder.leaf('parent'),
    child: await folder.leaf('child'),
    stranger: await folder.leaf('stranger'),
  }
})
afterAll(() => {
  folder.remove()
  rmSync(root, { recursive: true, force: true })
})
beforeEach(() => {
  meeting = new Meeting(mkdtempSync(join(root, 'state-')))
})
afterEach(() => meeting.end())

const other: Record<Side, Side> = { parent: 'child', child: 'parent' }

/** Options by which `side` recognises the other side by these means, rightly or wrongly. */
async function recognising(side: Side, means: Means, isRight = true): Promise<Given> {
  const peer = other[side]
  const own = files[side]
  switch (means) {
    case 'certificate':
      return { tls: { ...own, trustedConnections: [files[isRight ? peer : 'stranger'].public] } }
    case 'key':
      return { tls: own, trustedKeys: [isRight ? await meeting.keyOf(peer) : strangerKey] }
    case 'secret':
      return { tls: own, secret: isRight ? secret : anotherSecret }
    case 'nothing':
      if (!isRight && side === 'child') await meeting.remember('child', 'parent', strangerKey)
      return { tls: own }
  }
}

async function byAll(side: Side): Promise<Given> {
  const byKey = await recognising(side, 'key')
  return { ...byKey, ...(await recognising(side, 'certificate')), secret }
}

const recognisedBy: Record<Means, string> = {
  certificate: 'linked by certificate',
  key: 'linked by key',
  secret: 'linked by secret',
  nothing: 'linked by first-use',
}

const pairs = allMeans.flatMap((ofParent) =>
  allMeans.map((ofChild) => [ofParent, ofChild] as const),
)

describe('each side recognises the other by its own means', () => {
  it.each(pairs)('parent by %s, child by %s', async (ofParent, ofChild) => {
    const words = await meeting.meet(
      await recognising('parent', ofParent),
      await recognising('child', ofChild),
    )
    // A secret proves nothing to a side that does not know it, and its absence is a refusal.
    const isOneSided = (ofParent === 'secret') !== (ofChild === 'secret')
    expect(words).toEqual(
      isOneSided
        ? ['DM_IDENTITY_REFUSED', 'DM_IDENTITY_REFUSED']
        : [recognisedBy[ofParent], recognisedBy[ofChild]],
    )
  })

  it('and by all of them at once', async () => {
    const words = await meeting.meet(await byAll('parent'), await byAll('child'))
    expect(words).toEqual(Array(2).fill('linked by certificate, key, secret'))
  })
})

describe('one side alone that does not recognise the other is enough', () => {
  const codes: Record<Means, string> = {
    certificate: 'DM_CERTIFICATE_REFUSED',
    key: 'DM_IDENTITY_REFUSED',
    secret: 'DM_IDENTITY_REFUSED',
    nothing: 'DM_IDENTITY_CHANGED',
  }

  it.each(allMeans)('the child, which looks at the %s', async (means) => {
    const ofParent = await recognising('parent', means)
    const words = await meeting.meet(ofParent, await recognising('child', means, false))
    expect(words).toEqual([codes[means], codes[means]])
  })

  it.each(['key', 'secret'] as const)('the parent, which looks at the %s', async (means) => {
    const ofChild = await recognising('child', means)
    const words = await meeting.meet(await recognising('parent', means, false), ofChild)
    expect(words).toEqual([codes[means], codes[means]])
  })

  it('the parent, which looks at the certificate, and says nothing to a stranger', async () => {
    const ofChild = await recognising('child', 'certificate')
    const ofParent = await recognising('parent', 'certificate', false)
    const [parent, child] = await meeting.meet(ofParent, ofChild)
    expect(parent).toBe('DM_CERTIFICATE_REFUSED')
    expect(['DM_TLS_FAILED', 'DM_LINK_LOST']).toContain(child)
  })

  it('the parent, which met another key at this address before', async () => {
    const words = await meeting.meet({}, {}, async (address) => {
      await meeting.remember('parent', `127.0.0.1:${address.port}`, strangerKey)
      return address
    })
    expect(words).toEqual(['DM_IDENTITY_CHANGED', 'DM_IDENTITY_CHANGED'])
  })

  it('the same holds without encryption', async () => {
    const words = await meeting.meet({ tls: false, secret }, { tls: false, secret: anotherSecret })
    expect(words).toEqual(['DM_IDENTITY_REFUSED', 'DM_IDENTITY_REFUSED'])
  })
})

describe('trust on first use', () => {
  it('tells the operator the keys: its own at the start, the other at the first meeting', async () => {
    expect(await meeting.meet({}, {})).toEqual(Array(2).fill('linked by first-use'))
    const [parent, child] = [await meeting.keyOf('parent'), await meeting.keyOf('child')]
    const texts = meeting.warnings.map(({ message }) => message)
    expect(meeting.warnings.every(({ code }) => code === 'DM_TRUST_ON_FIRST_USE')).toBe(true)
    expect(
      texts.filter((text) => /of this manager/.test(text) && text.includes(parent)),
    ).toHaveLength(1)
    expect(
      texts.filter((text) => /of this manager/.test(text) && text.includes(child)),
    ).toHaveLength(1)
    expect(texts.filter((text) => /first time/.test(text) && text.includes(parent))).toHaveLength(1)
    expect(texts.filter((text) => /first time/.test(text) && text.includes(child))).toHaveLength(1)
  })

  it('refuses a changed key with both fingerprints, and takes it after forgetPeer()', async () => {
    await meeting.remember('child', 'parent', strangerKey)
    const { address, links } = await meeting.serve({})
    const parent = await meeting.parent([address])
    const first = meeting.nextWordOfChild()
    expect([await meeting.dial(parent, 0), await first]).toEqual(
      Array(2).fill('DM_IDENTITY_CHANGED'),
    )
    const { fingerprint } = parent.identity ?? { fingerprint: 'none' }
    expect(meeting.childRefusals[0]?.message).toContain(fingerprint)
    expect(meeting.childRefusals[0]?.message).toContain('THE IDENTITY OF parent HAS CHANGED')
    expect(() => links.forgetPeer('somebody')).toThrow(/remembers its parent alone/)
    expect([links.forgetPeer('parent'), links.forgetPeer('parent')]).toEqual([true, false])
    expect(await meeting.dial(parent, 0)).toBe('linked by first-use')
  })

  it('forgets a machine by its name', async () => {
    const { address } = await meeting.serve({})
    await meeting.remember('parent', `127.0.0.1:${address.port}`, strangerKey)
    const parent = await meeting.parent([{ ...address, name: 'one' }])
    expect(await meeting.dial(parent, 0)).toBe('DM_IDENTITY_CHANGED')
    expect(meeting.parentRefusals[0]?.message).toContain('forgetPeer()')
    expect(() => parent.forgetPeer('two')).toThrow(/no machine is called two/)
    expect(parent.forgetPeer('one')).toBe(true)
    expect(await meeting.dial(parent, 0)).toBe('linked by first-use')
  })
})
