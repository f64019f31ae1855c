/**
 * The guide's two files, as written: only import, paths and addresses are changed. The first machine
 * is reached over UDP, the second over TCP.
 */
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CertificateFiles, CertificateFolder } from '../../support/certificates.js'
import { eventually } from '../../support/eventually.js'
import { codeBlocks, replaceAll, replaceOnce, withoutComments } from '../../support/guide-blocks.js'
import { Project, packageRoot } from '../../support/manager-process.js'

const own = join(packageRoot, 'docs/guide/inter-machine-sharding.ru.md')
const translated = join(packageRoot, 'docs/guide/inter-machine-sharding.en.md')
const usersOwn = join(packageRoot, '../shared/guide/inter-machine-sharding.ru.md')
const guides = [own, usersOwn].filter((file) => existsSync(file))

const bot = `
import { setTimeout as delay } from 'node:timers/promises'
import { bot } from 'discordoo-machines/bot'
bot.ready()
if (bot.id === bot.totalShards - 1) {
  for (;;) {
    const outcomes = await bot.evalSettled(({ bot }) => bot.totalShards)
    const right = outcomes.filter(({ status, value }) => status === 'ok' && value === outcomes.length)
    const machines = new Set(outcomes.map(({ machine }) => machine))
    console.log('right answers', right.length, 'of', outcomes.length, 'from', machines.size)
    if (right.length === outcomes.length) break
    await delay(500) // the other instances are still starting
  }
}
`

const servers = [
  { host: '127.0.0.1', inGuide: "'10.0.18.1'" },
  { host: '::1', inGuide: "'FE80::0202:B3FF:FE1E:8329'" },
]

let project: Project | undefined
let certificateFolder: CertificateFolder
beforeEach(() => {
  certificateFolder = new CertificateFolder()
})
afterEach(async () => {
  await project?.remove()
  project = undefined
  certificateFolder.remove()
})

describe.each(guides)('the two files of %s', (guide) => {
  it('start 256 shards on two machines that talk to each other', { timeout: 120_000 }, async () => {
    project = await Project.create()
    const [child, parent] = await codeBlocks(guide)
    if (!child || !parent) throw new Error('the guide must have two TypeScript blocks')
    const botFile = await project.write('bot.mjs', bot)

    const children = []
    for (const [index, { host }] of servers.entries()) {
      await project.write(`child-${index}.mjs`, childFile(child, botFile, host))
      children.push(await project.run(`child-${index}.mjs`, `server-${index}`))
    }
    for (const { host } of servers) await eventually(() => answers(host), `a child on ${host}`)
    const certificates = {
      client: await certificateFolder.leaf('client'),
      server: await certificateFolder.leaf('server'),
    }
    await project.write('parent.mjs', parentFile(parent, project, certificates))
    const running = await project.run('parent.mjs', 'server-parent')

    const second = children[1]
    if (!second) throw new Error('two children were started')
    await second.waitFor(/right answers 256 of 256 from 2/)

    expect(await running.kill('SIGINT')).toBe(0)
    for (const started of children) expect(await started.kill('SIGINT')).toBe(0)
  })
})

describe('the guide in two languages', () => {
  it('has the same two files in both', async () => {
    const [russian, english] = await Promise.all([codeBlocks(own), codeBlocks(translated)])
    expect(english.map(withoutComments)).toEqual(russian.map(withoutComments))
    expect(russian).toHaveLength(2)
  })
})

function childFile(code: string, botFile: string, host: string): string {
  const imported = withOurImport(code)
  const started = replaceOnce(imported, /'C:[^']*'/, JSON.stringify(botFile))
  return replaceOnce(started, /(?<=networkHost: )'[^']*'/, JSON.stringify(host))
}

function parentFile(
  code: string,
  { folder }: Project,
  certificates: Record<'client' | 'server', CertificateFiles>,
): string {
  let file = withOurImport(code)
  for (const { host, inGuide } of servers) {
    file = replaceOnce(file, `host: ${inGuide}`, `host: '${host}'`)
  }
  // A child without `tls` makes a certificate at its first start and keeps it in its state folder:
  // that file is what the guide's trustedConnections name.
  const made = (index: number, host: string) =>
    `'${join(folder, `server-${index}/.discordoo-machines/child-${host.replaceAll(':', '_')}-8379/certificate.pem`)}'`
  file = replaceAll(file, "'../tls/10-0-18-1.pub'", made(0, '127.0.0.1'))
  file = replaceAll(file, "'../tls/FE80::0202:B3FF:FE1E:8329.pub'", made(1, '::1'))
  // The parent's own certificate: the two points name two files, as in the guide.
  for (const name of ['client', 'server'] as const) {
    file = replaceOnce(file, `'../tls/${name}.pub'`, `'${certificates[name].public}'`)
    file = replaceOnce(file, `'../tls/${name}.key'`, `'${certificates[name].private}'`)
  }
  return file
}

function withOurImport(code: string): string {
  return code.replace(/from 'discordoo(-machines)?'/, "from 'discordoo-machines'")
}

function answers(host: string): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: 8379 })
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(undefined))
    socket.once('close', () => resolve(undefined))
    socket.once('connect', () => socket.destroy())
  })
}
