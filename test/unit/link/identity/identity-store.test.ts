import { createPrivateKey, X509Certificate } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { limits } from '../../../../src/limits.js'
import { loadIdentity, stateName } from '../../../../src/link/identity-store.js'
import { realSystem } from '../../../../src/system/system.js'

const root = mkdtempSync(join(tmpdir(), 'machines-identity-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let stateDir: string
let count = 0
beforeEach(() => {
  count += 1
  stateDir = join(root, `${count}`, 'not', 'there', 'yet')
})

const onPosix = process.platform !== 'win32'

function load(certificate = true): ReturnType<typeof loadIdentity> {
  return loadIdentity(stateDir, 'parent', realSystem, { certificate })
}

function inFolder(file: string): string {
  return join(stateDir, 'parent', file)
}

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8)
}

describe('loadIdentity', () => {
  it('makes an identity and a certificate, and finds them again', async () => {
    const made = await load()
    const found = await load()
    expect(made.warnings).toEqual([])
    expect(made.folder).toBe(join(stateDir, 'parent'))
    expect(found.identity.publicKey).toEqual(made.identity.publicKey)
    expect(found.certificate).toEqual(made.certificate)
    expect(found.warnings).toEqual([])
  })

  it('leaves three files and nothing else, with the certificate for others to pin', async () => {
    const { certificate } = await load()
    expect(readdirSync(inFolder('')).toSorted()).toEqual([
      'certificate.key',
      'certificate.pem',
      'identity.json',
    ])
    const pem = readFileSync(inFolder('certificate.pem'), 'utf8')
    expect(pem).toBe(certificate?.cert)
    expect(pem).not.toContain('PRIVATE')
    const x509 = new X509Certificate(pem)
    expect(x509.checkPrivateKey(createPrivateKey(certificate?.key ?? ''))).toBe(true)
  })

  it.runIf(onPosix)('keeps private what is private, whatever the umask', async () => {
    const before = process.umask(0o077)
    try {
      await load()
    } finally {
      process.umask(before)
    }
    expect(modeOf(inFolder(''))).toBe('700')
    expect(modeOf(inFolder('identity.json'))).toBe('600')
    expect(modeOf(inFolder('certificate.key'))).toBe('600')
    expect(modeOf(inFolder('certificate.pem'))).toBe('644')
  })

  it('makes no certificate where the user has one', async () => {
    const { certificate } = await load(false)
    expect(certificate).toBeUndefined()
    expect(readdirSync(inFolder(''))).toEqual(['identity.json'])
  })

  it('gives every one of many that start together the same identity and certificate', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => load()))
    const keys = new Set(all.map(({ identity }) => Buffer.from(identity.publicKey).toString('hex')))
    const certificates = new Set(all.map(({ certificate }) => JSON.stringify(certificate)))
    expect([keys.size, certificates.size]).toEqual([1, 1])
    expect(readFileSync(inFolder('certificate.pem'), 'utf8')).toBe(all[0]?.certificate?.cert)
    expect(readdirSync(inFolder(''))).toHaveLength(3)
  })

  it('does not replace what another process made between looking and writing', async () => {
    const other = await loadIdentity(join(stateDir, 'other'), 'parent', realSystem)
    const late = {
      ...realSystem,
      randomBytes(bytes: number) {
        // This process has found no file and makes its own: now the other one is faster.
        mkdirSync(inFolder(''), { recursive: true, mode: 0o700 })
        for (const file of ['identity.json', 'certificate.key']) {
          const text = readFileSync(join(stateDir, 'other', 'parent', file))
          writeFileSync(inFolder(file), text, { mode: 0o600 })
        }
        return realSystem.randomBytes(bytes)
      },
    }
    const loaded = await loadIdentity(stateDir, 'parent', late)
    expect(loaded.identity.publicKey).toEqual(other.identity.publicKey)
    expect(loaded.certificate).toEqual(other.certificate)
  })

  it('repairs the public copy of the certificate', async () => {
    const { certificate } = await load()
    writeFileSync(inFolder('certificate.pem'), 'something else')
    expect((await load()).warnings).toEqual([])
    expect(readFileSync(inFolder('certificate.pem'), 'utf8')).toBe(certificate?.cert)
  })

  it('lives in memory, with warnings, where there can be no folder', async () => {
    mkdirSync(join(root, `${count}`), { recursive: true })
    writeFileSync(join(root, `${count}`, 'not'), 'a file stands in the way')
    const { identity, certificate, folder, warnings } = await load()
    expect(identity.publicKey).toHaveLength(32)
    expect(certificate?.cert).toContain('BEGIN CERTIFICATE')
    expect(folder).toBeUndefined()
    expect(warnings).toMatchObject([
      { code: 'DM_STATE_DIR', message: expect.stringContaining('new identity after every start') },
      { code: 'DM_STATE_DIR', message: expect.stringContaining('new certificate after every') },
    ])
  })

  it('keeps using an identity from a folder in which nothing more can be written', async () => {
    const { identity } = await load(false)
    // Root may write anywhere, so a folder takes the place of the file to be replaced.
    mkdirSync(inFolder('certificate.pem'))
    const again = await load()
    expect(again.identity.publicKey).toEqual(identity.publicKey)
    expect(again.folder).toBe(join(stateDir, 'parent'))
    expect(again.warnings).toMatchObject([
      { code: 'DM_STATE_DIR', message: expect.stringContaining('certificate.pem') },
    ])
  })
})

describe('loadIdentity refuses and leaves alone', () => {
  const damage: readonly [string, string, (text: string) => string, string][] = [
    ['no JSON', 'identity.json', () => 'seed: abc', 'holds no JSON'],
    ['an empty file', 'identity.json', () => '', 'holds no JSON'],
    ['a JSON array', 'identity.json', () => '[]', 'holds no JSON object'],
    ['an identity without a seed', 'identity.json', () => '{}', 'holds no identity'],
    [
      'a seed that was changed',
      'identity.json',
      (text) => text.replace(/"seed": "../, '"seed": "zz'),
      'do not belong together',
    ],
    [
      'a file that is too large',
      'identity.json',
      () => ' '.repeat(limits.smallFileBytesMax + 1),
      'more than',
    ],
    ['a certificate file without a key', 'certificate.key', () => 'nothing', 'does not hold'],
    [
      'a certificate that is damaged',
      'certificate.key',
      (text) => text.replace('CERTIFICATE-----\nMII', 'CERTIFICATE-----\nAAA'),
      'does not hold',
    ],
  ]

  it.each(damage)('%s', async (_name, name, change, message) => {
    await load()
    const file = inFolder(name)
    const damaged = change(readFileSync(file, 'utf8'))
    writeFileSync(file, damaged)
    const refusal: unknown = await load().catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'DM_STATE_DIR', given: file })
    expect(String(refusal)).toContain(message)
    expect(readFileSync(file, 'utf8')).toBe(damaged)
  })

  it('never says what is in a secret file', async () => {
    await load()
    writeFileSync(inFolder('identity.json'), '{"seed": "SECRET", oops')
    const refusal: unknown = await load().catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'DM_STATE_DIR' })
    expect(inspect(refusal)).not.toContain('SECRET')
  })

  it.runIf(onPosix).each([0o640, 0o604, 0o660, 0o620])(
    'a private file of mode %o',
    async (mode) => {
      await load()
      chmodSync(inFolder('identity.json'), mode)
      await expect(load()).rejects.toMatchObject({
        code: 'DM_STATE_DIR',
        message: expect.stringContaining(`chmod 600 ${inFolder('identity.json')}`),
      })
    },
  )

  it.runIf(onPosix)('a folder that others may write to', async () => {
    await load()
    chmodSync(inFolder(''), 0o770)
    await expect(load()).rejects.toMatchObject({
      code: 'DM_STATE_DIR',
      message: expect.stringContaining('chmod 700'),
    })
  })
})

describe('stateName', () => {
  it.each([
    [stateName('parent'), 'parent'],
    [stateName('child', '127.0.0.1', 8379), 'child-127.0.0.1-8379'],
    [stateName('child', 'FE80::1%eth0', 8379), 'child-fe80__1_eth0-8379'],
    [stateName('child', 'Bot.Example', 1), 'child-bot.example-1'],
    [stateName('child', '../../etc', 1), 'child-.._.._etc-1'],
    [stateName('child', 'a\\b*?"<>|', 1), 'child-a_b______-1'],
  ])('gives %s', (name, expected) => {
    expect(name).toBe(expected)
  })
})
