import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { fingerprint } from '../../../../src/link/identity.js'
import { KnownPeers } from '../../../../src/link/known-peers.js'
import { realSystem } from '../../../../src/system/system.js'

const root = mkdtempSync(join(tmpdir(), 'machines-peers-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folder: string
let peers: KnownPeers
beforeEach(() => {
  folder = mkdtempSync(join(root, 'state-'))
  peers = new KnownPeers(folder, { ...realSystem, wallClock: () => Date.UTC(2026, 0, 2) })
})

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64')
const [firstKey, otherKey] = [key(1), key(2)]
const point = '127.0.0.1:8379'
const onPosix = process.platform !== 'win32'

describe('KnownPeers', () => {
  it('knows a peer from when it was remembered, also after a restart', () => {
    expect(peers.check(point, firstKey)).toBe('new')
    expect(peers.remember(point, firstKey)).toBeUndefined()
    const restarted = new KnownPeers(folder, realSystem)
    expect(restarted.check(point, firstKey)).toBe('known')
    expect(restarted.check(point, otherKey)).toBe('changed')
    expect(restarted.check('127.0.0.1:8380', firstKey)).toBe('new')
  })

  it('writes a private file that people can read', () => {
    peers.remember(point, firstKey)
    peers.remember('parent', otherKey)
    expect(JSON.parse(readFileSync(join(folder, 'known-peers.json'), 'utf8'))).toEqual({
      [point]: { publicKey: firstKey, firstSeen: '2026-01-02T00:00:00.000Z' },
      parent: { publicKey: otherKey, firstSeen: '2026-01-02T00:00:00.000Z' },
    })
    expect(readdirSync(folder)).toEqual(['known-peers.json'])
  })

  it.runIf(onPosix)('lets nobody else read or write it', () => {
    peers.remember(point, firstKey)
    const file = join(folder, 'known-peers.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    chmodSync(file, 0o666)
    expect(() => peers.check(point, firstKey)).toThrow(/chmod 600/)
  })

  it('refuses a changed key loudly: who, both fingerprints, where, and what to do', () => {
    peers.remember(point, firstKey)
    expect(peers.recall(point, firstKey)).toBe('known')
    expect(peers.recall('another', firstKey)).toBe('new')
    let refusal: unknown
    try {
      peers.recall(point, otherKey)
    } catch (error) {
      refusal = error
    }
    expect(refusal).toMatchObject({ code: 'DM_IDENTITY_CHANGED', machine: point })
    for (const part of [
      point,
      fingerprint(Buffer.alloc(32, 1)),
      fingerprint(Buffer.alloc(32, 2)),
      '2026-01-02',
      `remove the entry "${point}" from ${peers.file}`,
    ]) {
      expect(String(refusal)).toContain(part)
    }
  })

  it('lets a forgotten peer come with a new key, forgotten here or by hand', () => {
    peers.remember(point, firstKey)
    peers.forget(point)
    peers.forget('never seen')
    expect(peers.check(point, otherKey)).toBe('new')
    peers.remember(point, firstKey)
    writeFileSync(join(folder, 'known-peers.json'), '{}')
    expect(peers.check(point, otherKey)).toBe('new')
  })

  it('keeps what another manager wrote to the same file in between', () => {
    const other = new KnownPeers(folder, realSystem)
    peers.remember('a', firstKey)
    other.remember('b', otherKey)
    expect([peers.check('b', otherKey), other.check('a', firstKey)]).toEqual(['known', 'known'])
  })

  it('takes names that mean something to JavaScript for names', () => {
    for (const name of ['__proto__', 'constructor']) {
      expect(peers.check(name, firstKey)).toBe('new')
      peers.remember(name, firstKey)
      expect(peers.check(name, firstKey)).toBe('known')
    }
  })

  it('remembers in memory where there is no folder', () => {
    const inMemory = new KnownPeers(undefined, realSystem)
    expect(inMemory.remember(point, firstKey)).toBeUndefined()
    expect(inMemory.check(point, firstKey)).toBe('known')
    expect(() => inMemory.recall(point, otherKey)).toThrow(/restart this manager/)
    inMemory.forget(point)
    expect(inMemory.check(point, otherKey)).toBe('new')
  })

  it('remembers in memory, with a warning, when the file cannot be written', () => {
    peers.remember('a', firstKey)
    rmSync(folder, { recursive: true })
    const warning = peers.remember(point, firstKey)
    expect(warning).toMatchObject({ code: 'DM_STATE_DIR', given: peers.file })
    expect(peers.check(point, firstKey)).toBe('known')
    expect(peers.check(point, otherKey)).toBe('changed')
  })

  it.each([
    ['no JSON', '{"a": '],
    ['an array', '[]'],
    ['an entry that is none', '{"a": 1}'],
    ['an entry without a date', `{"a": {"publicKey": "${firstKey}"}}`],
    ['a key that is too short', '{"a": {"publicKey": "AAAA", "firstSeen": "2026"}}'],
  ])('says which file is corrupt and does not replace it: %s', (_name, text) => {
    const file = join(folder, 'known-peers.json')
    writeFileSync(file, text, { mode: 0o600 })
    const refusal = expect.objectContaining({ code: 'DM_STATE_DIR', given: file })
    expect(() => peers.check(point, firstKey)).toThrow(refusal)
    expect(() => peers.remember(point, firstKey)).toThrow(refusal)
    expect(() => peers.forget(point)).toThrow(refusal)
    expect(readFileSync(file, 'utf8')).toBe(text)
  })
})
