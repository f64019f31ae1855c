import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import type { Decoded } from '../../../../src/link/codec/decoder.js'
import type { Frame } from '../../../../src/link/codec/frame-types.js'
import { encodePreface } from '../../../../src/link/codec/preface.js'
import { ChildHandshake, type ChildResult } from '../../../../src/link/handshake/child-handshake.js'
import type { HandshakeContext } from '../../../../src/link/handshake/handshake.js'
import type { Welcome } from '../../../../src/link/handshake/messages.js'
import { ParentHandshake } from '../../../../src/link/handshake/parent-handshake.js'
import { joinProven, splitProven } from '../../../../src/link/handshake/proof.js'
import type { LinkTrust } from '../../../../src/link/handshake/trust.js'
import { keyOf, testIdentity, testTrust } from '../../../support/test-identity.js'

const session = Buffer.alloc(16, 5).toString('base64')
const welcome: Welcome = { session, resumed: false, received: 0, about: 'welcome' }

/** Every handshake has its own nonce. */
let nonces = 100

function context(trust: LinkTrust, given: Partial<HandshakeContext> = {}): HandshakeContext {
  return {
    trust,
    range: { min: 1, max: 1 },
    channelBinding: Buffer.alloc(32, 9),
    certificate: 'unknown',
    remote: '192.0.2.1:8379',
    nonce: Buffer.alloc(32, ++nonces),
    ...given,
  }
}

function newParent(trust: LinkTrust = testTrust(1), given: Partial<HandshakeContext> = {}) {
  return new ParentHandshake(context(trust, given), {
    epoch: 4,
    about: 'parent',
    resume: undefined,
  })
}

function newChild(trust: LinkTrust = testTrust(2), given: Partial<HandshakeContext> = {}) {
  return new ChildHandshake(context(trust, given), {
    about: 'child',
    receive: () => ({ accept: true, welcome }),
  })
}

function only(items: readonly Decoded[]): Frame {
  const last = items.at(-1)
  if (last?.kind !== 'frame') throw new Error('no frame was sent')
  return last
}

/** HELLO as the child sends it to this parent, whose preface it has seen. */
function helloOf(child: ChildHandshake, parent: ParentHandshake): Frame {
  const [preface] = parent.begin().send
  if (preface === undefined) throw new Error('no preface')
  const { send } = child.receive(preface)
  for (const item of send.slice(0, -1)) parent.receive(item)
  return only(send)
}

function identifyOf(child: ChildHandshake, parent: ParentHandshake): Frame {
  return only(parent.receive(helloOf(child, parent)).send)
}

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return error instanceof MachinesError ? error.code : String(error)
  }
  return 'accepted'
}

describe('the handshake', () => {
  it('lets two strangers meet, who remember each other', () => {
    const [parentTrust, childTrust] = [testTrust(1), testTrust(2)]
    const [parent, child] = [newParent(parentTrust), newChild(childTrust)]
    const step = child.receive(identifyOf(child, parent))
    expect(step.done).toMatchObject({
      peer: { key: keyOf(testIdentity(1)), epoch: 4, recognisedBy: ['first-use'], about: 'parent' },
    })
    const { done } = parent.receive(only(step.send))
    expect(done).toMatchObject({
      peer: { key: keyOf(testIdentity(2)), epoch: 0, recognisedBy: ['first-use'], about: 'child' },
      welcome,
    })
    expect(childTrust.recall(keyOf(testIdentity(1)))).toBe('known')
    expect(parentTrust.recall(keyOf(testIdentity(2)))).toBe('known')
  })

  it('refuses a peer whose key has changed since it was first used', () => {
    const childTrust = testTrust(2)
    childTrust.remember('another key')
    const [parent, child] = [newParent(), newChild(childTrust)]
    expect(codeOf(() => child.receive(identifyOf(child, parent)))).toBe('DM_IDENTITY_CHANGED')
    const parentTrust = testTrust(1)
    parentTrust.remember('another key')
    expect(codeOf(() => identifyOf(newChild(), newParent(parentTrust)))).toBe('DM_IDENTITY_CHANGED')
  })

  it('agrees by secret, by key and by certificate at once, and remembers nobody then', () => {
    const secret = 'a secret of 16 bytes or more'
    const means = { secret, certificateDemanded: true, recall: () => 'changed' as const }
    const trusted = (of: number) => ({ ...means, trustedKeys: [keyOf(testIdentity(of))] })
    const parent = newParent(testTrust(1, trusted(2)), { certificate: 'pinned' })
    const child = newChild(testTrust(2, trusted(1)), { certificate: 'authority' })
    const step = child.receive(identifyOf(child, parent))
    const recognisedBy = ['certificate', 'key', 'secret']
    expect(step.done?.peer.recognisedBy).toEqual(recognisedBy)
    expect(parent.receive(only(step.send)).done?.peer.recognisedBy).toEqual(recognisedBy)
  })

  it.each([
    ['different secrets', 'a secret of 16 bytes', 'another one of 16 bytes'],
    ['a secret on the child alone', undefined, 'a secret of 16 bytes'],
    ['a secret on the parent alone', 'a secret of 16 bytes', undefined],
  ])('fails on the child with %s', (_what, ofParent, ofChild) => {
    const parent = newParent(testTrust(1, { secret: ofParent }))
    const child = newChild(testTrust(2, { secret: ofChild }))
    const identify = identifyOf(child, parent)
    let failure: unknown
    try {
      child.receive(identify)
    } catch (error) {
      failure = error
    }
    expect(failure).toMatchObject({ code: 'DM_IDENTITY_REFUSED' })
    expect(String(failure)).not.toContain('16 bytes')
  })

  it('sends a stranger no proof when only certain keys are trusted', () => {
    const parent = newParent(testTrust(1, { trustedKeys: [keyOf(testIdentity(3))] }))
    expect(codeOf(() => identifyOf(newChild(), parent))).toBe('DM_IDENTITY_REFUSED')
  })

  it('demands the certificate that the policy asks for', () => {
    const trust = testTrust(1, { certificateDemanded: true })
    expect(codeOf(() => identifyOf(newChild(), newParent(trust)))).toBe('DM_CERTIFICATE_REFUSED')
  })
})

describe('an attacker', () => {
  it('cannot replay an IDENTIFY: the nonce of the child is another', () => {
    const recorded = identifyOf(newChild(testTrust(2), { nonce: Buffer.alloc(32, 1) }), newParent())
    const child = newChild(testTrust(2), { nonce: Buffer.alloc(32, 2) })
    helloOf(child, newParent())
    expect(codeOf(() => child.receive(recorded))).toBe('DM_IDENTITY_REFUSED')
  })

  it('cannot replay a WELCOME: the nonce of the parent is another', () => {
    const nonce = Buffer.alloc(32, 1)
    const [first, child] = [newParent(), newChild(testTrust(2), { nonce })]
    const recorded = only(child.receive(identifyOf(child, first)).send)
    const second = newParent(testTrust(1), { nonce: Buffer.alloc(32, 77) })
    identifyOf(newChild(testTrust(2), { nonce }), second)
    expect(codeOf(() => second.receive(recorded))).toBe('DM_IDENTITY_REFUSED')
  })

  it('cannot hold up a mirror: a parent does not take its own key, nor its own proof', () => {
    const trust = testTrust(1)
    const parent = newParent(trust)
    // The mirror answers HELLO with the key of the parent itself.
    const mirror = newChild(testTrust(1))
    expect(codeOf(() => parent.receive(helloOf(mirror, parent)))).toBe('DM_IDENTITY_REFUSED')
    // It shows a key of its own and sends the parent's proof, secret and all, back as WELCOME.
    const secret = 'a secret of 16 bytes'
    const other = newParent(testTrust(1, { secret }))
    const { proof } = splitProven(identifyOf(newChild(testTrust(8)), other).payload)
    const body = Buffer.from(JSON.stringify(welcome))
    const reflected: Frame = {
      kind: 'frame',
      name: 'WELCOME',
      payload: joinProven({ body, proof }),
    }
    expect(codeOf(() => other.receive(reflected))).toBe('DM_IDENTITY_REFUSED')
  })

  it('cannot relay between two TLS channels, even knowing neither key nor secret', () => {
    const secret = 'a secret of 16 bytes'
    const parent = newParent(testTrust(1, { secret }), { channelBinding: Buffer.alloc(32, 1) })
    const child = newChild(testTrust(2, { secret }), { channelBinding: Buffer.alloc(32, 2) })
    expect(codeOf(() => child.receive(identifyOf(child, parent)))).toBe('DM_IDENTITY_REFUSED')
  })

  it('cannot relay a WELCOME to a parent on another channel', () => {
    const binding = Buffer.alloc(32, 1)
    const nonce = Buffer.alloc(32, 3)
    const [parent, child] = [
      newParent(testTrust(1), { channelBinding: binding, nonce }),
      newChild(testTrust(2), { channelBinding: binding, nonce }),
    ]
    const answer = only(child.receive(identifyOf(child, parent)).send)
    const victim = newParent(testTrust(1), { channelBinding: Buffer.alloc(32, 2), nonce })
    identifyOf(newChild(testTrust(2), { nonce }), victim)
    expect(codeOf(() => victim.receive(answer))).toBe('DM_IDENTITY_REFUSED')
  })

  it('cannot use a secret alone, where the key must be a trusted one', () => {
    const secret = 'a stolen secret of enough bytes'
    const trustedKeys = [keyOf(testIdentity(1))]
    const child = newChild(testTrust(2, { secret, trustedKeys }))
    const thief = newParent(testTrust(6, { secret }))
    expect(codeOf(() => child.receive(identifyOf(child, thief)))).toBe('DM_IDENTITY_REFUSED')
  })

  it('cannot claim a trusted key without its private half', () => {
    const trustedKeys = [keyOf(testIdentity(1))]
    const child = newChild(testTrust(2, { trustedKeys }))
    const { publicKey } = testIdentity(1)
    const own = testIdentity(6)
    const identity = { publicKey, sign: (message: Uint8Array) => own.sign(message) }
    const thief = newParent(testTrust(6, { identity }))
    expect(codeOf(() => child.receive(identifyOf(child, thief)))).toBe('DM_IDENTITY_REFUSED')
  })

  it('cannot change a single byte of what was said', () => {
    const nonce = Buffer.alloc(32, 4)
    const fresh = () => {
      const child = newChild(testTrust(2), { nonce })
      return { child, identify: identifyOf(child, newParent(testTrust(1), { nonce })) }
    }
    const { identify } = fresh()
    for (let at = 0; at < identify.payload.length; at += 3) {
      const payload = Uint8Array.from(identify.payload)
      payload[at] = (payload[at] ?? 0) ^ 1
      const { child } = fresh()
      const code = codeOf(() => child.receive({ ...identify, payload }))
      expect(['DM_IDENTITY_REFUSED', 'DM_HANDSHAKE_INVALID']).toContain(code)
    }
  })

  it('cannot talk both sides down to an older version: the prefaces are covered', () => {
    const range = { min: 1, max: 2 }
    const old = encodePreface({ min: 1, max: 1 })
    const parent = newParent(testTrust(1), { range })
    const child = newChild(testTrust(2), { range })
    parent.begin()
    const [, hello] = child.receive(old).send
    parent.receive(old)
    if (hello === undefined) throw new Error('no HELLO')
    const identify = only(parent.receive(hello).send)
    expect(codeOf(() => child.receive(identify))).toBe('DM_IDENTITY_REFUSED')
  })

  it('is told a code and nothing else', () => {
    const child = newChild(testTrust(2, { trustedKeys: [keyOf(testIdentity(1))] }))
    const identify = identifyOf(child, newParent(testTrust(6)))
    let failure = new MachinesError('DM_INTERNAL', '')
    try {
      child.receive(identify)
    } catch (error) {
      if (error instanceof MachinesError) failure = error
    }
    expect(failure.message).toContain('trustedKeys')
    const told = Buffer.from(child.farewell(failure)?.payload ?? []).toString()
    expect(told).toBe('{"code":"DM_IDENTITY_REFUSED","reason":""}')
  })
})

describe('protocol versions', () => {
  it('are the highest that both sides speak', () => {
    const child = newChild(testTrust(2), { range: { min: 1, max: 5 } })
    const parent = newParent(testTrust(1), { range: { min: 2, max: 3 } })
    const identify = identifyOf(child, parent)
    const { body } = splitProven(identify.payload)
    expect(JSON.parse(Buffer.from(body).toString())).toMatchObject({ protocol: 3 })
    expect(child.receive(identify).done).toBeDefined()
  })

  it('without a common one end the handshake on both sides, after the prefaces', () => {
    const child = newChild(testTrust(2), { range: { min: 1, max: 2 } })
    const parent = newParent(testTrust(1), { range: { min: 3, max: 4 } })
    const [preface] = parent.begin().send
    if (preface === undefined) throw new Error('no preface')
    const { send, failed } = child.receive(preface)
    expect(failed?.code).toBe('DM_PROTOCOL_VERSION')
    expect(send).toHaveLength(1)
    expect(codeOf(() => send.map((item) => parent.receive(item)))).toBe('DM_PROTOCOL_VERSION')
  })
})

describe('messages out of order', () => {
  it('are refused by both sides in every state', () => {
    const body = Buffer.from('{}')
    const payload = joinProven({ body, proof: new Uint8Array(64) })
    const names = ['HELLO', 'IDENTIFY', 'WELCOME', 'DATA'] as const
    for (const name of names) {
      const item: Frame = { kind: 'frame', name, payload }
      expect(codeOf(() => newParent().receive(item))).toBe('DM_HANDSHAKE_INVALID')
      expect(codeOf(() => newChild().receive(item))).toBe('DM_HANDSHAKE_INVALID')
    }
  })

  it('include a WELCOME for a session that was not asked for', () => {
    const child = new ChildHandshake(context(testTrust(2)), {
      about: 0,
      receive: () => ({ accept: true, welcome: { ...welcome, resumed: true } }),
    })
    const parent = newParent()
    const step = child.receive(identifyOf(child, parent))
    expect(codeOf(() => parent.receive(only(step.send)))).toBe('DM_HANDSHAKE_INVALID')
  })

  it('do not matter once the child has decided: it takes one IDENTIFY', () => {
    const [parent, child] = [newParent(), newChild()]
    const identify = identifyOf(child, parent)
    const done: ChildResult | undefined = child.receive(identify).done
    expect(done?.resume).toBeUndefined()
    expect(codeOf(() => child.receive(identify))).toBe('DM_HANDSHAKE_INVALID')
  })
})
