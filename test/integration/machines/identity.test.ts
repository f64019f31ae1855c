/** Who may link with whom, with real certificates, keys and secrets. */
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { MachinesError, ShardingManager, TlsOptions } from '../../../dist/index.js'
import { type CertificateFiles, CertificateFolder } from '../../support/certificates.js'
import { freePort } from '../../support/free-port.js'
import { pointOf, Testbed } from '../../support/testbed.js'

let bed: Testbed
let folder: CertificateFolder
let files: Record<
  'parent' | 'child' | 'stranger' | 'authority' | 'signed' | 'elsewhere',
  CertificateFiles
>

beforeAll(async () => {
  folder = new CertificateFolder()
  const authority = await folder.authority('authority')
  files = {
    authority,
    parent: await folder.leaf('parent'),
    child: await folder.leaf('some-other-host-name'),
    stranger: await folder.leaf('stranger'),
    signed: await folder.leaf('signed', { by: authority, hosts: ['127.0.0.1'] }),
    elsewhere: await folder.leaf('elsewhere', { by: authority, hosts: ['10.9.8.7'] }),
  }
})
afterAll(() => folder.remove())
beforeEach(() => {
  bed = new Testbed()
})
afterEach(() => bed.close())

const one = { mode: 'workers', shards: 1 } as const

function tls(own: CertificateFiles, trusted: CertificateFiles): TlsOptions {
  return { ...own, rejectUnauthorized: true, trustedConnections: [trusted.public] }
}

function codeOf(start: Promise<unknown>): Promise<string> {
  return start.then(
    () => 'started',
    (error: MachinesError) =>
      (error.failures?.[0] as MachinesError | undefined)?.code ?? error.code,
  )
}

async function link(child: ShardingManager, options: TlsOptions | undefined, machines = {}) {
  const parent = bed.parent([pointOf(child, one, options ? { tls: options } : {})], machines)
  return { parent, code: await codeOf(parent.start()) }
}

describe('certificates', () => {
  it('pinned on both sides link, whatever host name they bear; dhparam is accepted', async () => {
    const own = { ...tls(files.child, files.parent), requestCert: true, dhparam: folder.dhparam() }
    const child = await bed.child({ tls: own })
    const { code } = await link(child, tls(files.parent, files.child))
    expect(code).toBe('started')
  })

  it('of a child that the parent does not know end the start of that machine', async () => {
    const child = await bed.child({ tls: tls(files.stranger, files.parent) })
    const { code } = await link(child, tls(files.parent, files.child))
    expect(code).toBe('DM_CERTIFICATE_REFUSED')
  })

  it('of a parent that the child does not know are refused and reported by the child', async () => {
    const child = await bed.child({ tls: tls(files.child, files.parent) })
    const refused = once(child as never, 'refused')
    const { code } = await link(child, tls(files.stranger, files.child))
    const [error] = await refused
    expect([code, error.code]).toEqual(['DM_CERTIFICATE_REFUSED', 'DM_CERTIFICATE_REFUSED'])
  })

  it('signed by a trusted CA link when they name the host, and only then', async () => {
    const good = await bed.child({ tls: tls(files.signed, files.parent) })
    expect((await link(good, tls(files.parent, files.authority))).code).toBe('started')
    const bad = await bed.child({ tls: tls(files.elsewhere, files.parent) })
    const { code } = await link(bad, tls(files.parent, files.authority))
    expect(code).toBe('DM_CERTIFICATE_REFUSED')
  })

  it('made at start are kept, and can be pinned by the other side', async () => {
    const child = await bed.child()
    const stateDir = child.options.machines?.stateDir ?? ''
    const [kept = ''] = readdirSync(stateDir)
    const made = join(stateDir, kept, 'certificate.pem')
    expect(existsSync(made)).toBe(true)
    const pinned = { ...files.parent, rejectUnauthorized: true, trustedConnections: [made] }
    expect((await link(child, pinned)).code).toBe('started')
  })

  it('that are no certificates are found at construction, with the path of the option', () => {
    const wrong = folder.write('wrong.pub', 'not a certificate')
    const point = { host: '127.0.0.1', childManagerOptions: one }
    const broken = { ...point, tls: { public: wrong, private: files.parent.private } }
    expect(() => bed.parent([broken])).toThrowError(
      expect.objectContaining({
        code: 'DM_CERTIFICATE_INVALID',
        path: 'machines.points[0].tls.public',
      }),
    )
  })
})

describe('a shared secret', () => {
  const secret = 'correct horse battery staple'

  it('links those who share it', async () => {
    const child = await bed.child({ secret })
    expect((await link(child, undefined, { secret })).code).toBe('started')
  })

  it.each([
    ['another one', { secret: 'a secret of somebody else' }],
    ['none', {}],
  ])('keeps out a parent with %s, and never shows in what is reported', async (_name, machines) => {
    const child = await bed.child({ secret })
    const refused = once(child as never, 'refused')
    const { code } = await link(child, undefined, machines)
    const [error] = await refused
    expect([code, error.code]).toEqual(['DM_IDENTITY_REFUSED', 'DM_IDENTITY_REFUSED'])
    expect(JSON.stringify([error, error.message, error.stack])).not.toContain('horse')
  })

  it('works without encryption inside a tunnel', async () => {
    const child = await bed.child({ secret, tls: false })
    const parent = bed.parent([pointOf(child, one, { tls: false })], { secret })
    expect(await codeOf(parent.start())).toBe('started')
  })
})

describe('trust on first use', () => {
  it('takes the first parent, remembers it, and refuses another key', async () => {
    const child = await bed.child()
    const first = await link(child, undefined)
    expect(first.code).toBe('started')
    await first.parent.detach()
    expect((await link(child, undefined)).code).toBe('DM_IDENTITY_CHANGED')
  })

  it('notices a child that was replaced', async () => {
    const ipc = { networkHost: '127.0.0.1', networkPort: await freePort() }
    const child = await bed.child({ ipc })
    const { parent } = await link(child, undefined)
    await parent.stop()
    await child.stop()
    const impostor = await bed.child({ ipc })
    const { code } = await link(impostor, undefined, {
      stateDir: parent.options.machines?.stateDir ?? '',
    })
    expect(code).toBe('DM_IDENTITY_CHANGED')
  })

  it('warns at every start, and keeps its private files private', async () => {
    const warnings: string[] = []
    const child = bed.make({
      file: './test/fixtures/bots/native.js',
      machines: {
        me: 'child',
        ipc: { networkHost: '127.0.0.1', networkPort: 0 },
        stateDir: join(bed.folder, 'kept'),
      },
    })
    child.on('warning', ({ code }) => warnings.push(code))
    await child.start()
    expect(warnings).toEqual(['DM_TRUST_ON_FIRST_USE'])
    const [name = ''] = readdirSync(join(bed.folder, 'kept'))
    expect(readFileSync(join(bed.folder, 'kept', name, 'identity.json'), 'utf8')).toContain('seed')
  })
})

describe('a second parent', () => {
  it('is told that the child serves another one', async () => {
    const secret = 'a secret that both know'
    const child = await bed.child({ secret })
    expect((await link(child, undefined, { secret })).code).toBe('started')
    const { code } = await link(child, undefined, { secret })
    expect(code).toBe('DM_PARENT_BUSY')
  })
})

describe('what a parent may push', () => {
  it.each([
    ['a file', { ...one, file: '/somewhere/else.js' }],
    ['a folder', { mode: 'processes', shards: 1, processes: { forkOptions: { cwd: '/' } } }],
    ['arguments', { ...one, workers: { spawnOptions: { execArgv: ['--no-warnings'] } } }],
  ] as const)('does not include %s, unless the child accepts it', async (_name, pushed) => {
    const child = await bed.child()
    const parent = bed.parent([pointOf(child, pushed)])
    expect(await codeOf(parent.start())).toBe('DM_ASSIGNMENT_REFUSED')
    expect(child.instances.size).toBe(0)
  })

  it('includes environment variables', async () => {
    const child = await bed.child()
    const pushed = { ...one, workers: { env: { BOT_FLAVOUR: 'vanilla' } } }
    const parent = bed.parent([pointOf(child, pushed)])
    await parent.start()
    expect(await parent.eval(({ flavour }) => flavour)).toEqual(['vanilla'])
  })

  it('includes a file where the child accepts that', async () => {
    const child = await bed.child(
      { accept: { file: true } },
      { file: 'test/fixtures/bots/never-ready.js' },
    )
    const file = join(import.meta.dirname, '../../fixtures/bots/native.js')
    const parent = bed.parent([pointOf(child, { ...one, file })])
    expect(await codeOf(parent.start())).toBe('started')
  })
})
