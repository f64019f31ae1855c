/**
 * Nothing that is secret may be seen in what managers print, not even with everything turned on: a
 * whole life of a link and all that can go wrong with it, with `DEBUG=*`.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../../support/free-port.js'
import { ManagerProcess, Project } from '../../support/manager-process.js'
import { nativeBot } from '../../support/testbed.js'

const secret = 'correct horse battery staple'
const wrongSecret = 'incorrect donkey battery staple'

let project: Project
let port: number
const running: ManagerProcess[] = []

beforeEach(async () => {
  project = await Project.create()
  port = await freePort()
  await project.write('manager.mjs', managerFile)
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.kill('SIGKILL')))
  await project.remove()
})

/** Runs the options in its first argument, and prints whatever it can find out about itself. */
const managerFile = `
import { inspect } from 'node:util'
import { ShardingManager } from 'discordoo-machines'
const options = JSON.parse(process.argv[2])
const show = (word, thing) => console.log(word, inspect(thing, { depth: 20, getters: true }))
const events = ['refused', 'warning', 'machine', 'dialFailed', 'instanceReady', 'stop']
try {
  const manager = new ShardingManager({ mode: 'machines', ...options })
  for (const event of events) manager.on(event, (...facts) => show(event, facts))
  show('made', manager)
  await manager.start()
  show('started', manager)
  if (options.machines.me === 'parent') {
    show('answers', await manager.evalSettled(({ pid }) => pid))
    await manager.stop()
    show('stopped', manager)
  }
} catch (error) {
  show('failed', error)
  console.log(JSON.stringify(error), error.stack)
  process.exit(3)
}`

/** Starts a manager with DEBUG=* and its state in a folder of this name. */
function run(name: string, options: object, machines: object): ManagerProcess {
  const all = { ...options, machines: { stateDir: join(project.folder, name), ...machines } }
  const started = spawn(
    process.execPath,
    [join(project.folder, 'manager.mjs'), JSON.stringify(all)],
    {
      cwd: project.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DEBUG: '*' },
    },
  )
  const manager = new ManagerProcess(started)
  running.push(manager)
  return manager
}

function child(name: string, machines: object): ManagerProcess {
  const ipc = { networkHost: '127.0.0.1', networkPort: port }
  return run(name, { file: nativeBot }, { me: 'child', ipc, ...machines })
}

function parent(name: string, machines: object): ManagerProcess {
  const point = { host: '127.0.0.1', port, childManagerOptions: { mode: 'workers', shards: 1 } }
  return run(name, {}, { me: 'parent', points: [point], ...machines })
}

/** Every text in the project's state folders that is for nobody else. */
function privateTexts(): string[] {
  const files = readdirSync(project.folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => !file.startsWith('node_modules'))
    .map((file) => join(project.folder, file))
  const seeds = files
    .filter((file) => file.endsWith('identity.json'))
    .map((file) => /"seed": "([^"]+)"/.exec(readFileSync(file, 'utf8'))?.[1] ?? '')
    .flatMap((seed) => [seed, Buffer.from(seed, 'base64').toString('hex')])
  const keys = files
    .filter((file) => file.endsWith('.key'))
    .map((file) => readFileSync(file, 'utf8'))
    .map((pem) => /PRIVATE KEY-----\n([^-]+)/.exec(pem)?.[1] ?? '')
    .flatMap((body) => body.split('\n').filter((line) => line.length > 16))
  return [...seeds, ...keys]
}

function expectNoSecrets(managers: readonly ManagerProcess[]): void {
  const printed = managers.map(({ output }) => output).join('\n')
  const texts = [...privateTexts(), secret, wrongSecret, 'horse', 'donkey']
  expect(texts.filter((text) => text.length < 5)).toEqual([])
  expect(texts.filter((text) => printed.includes(text))).toEqual([])
  for (const [, hex] of printed.matchAll(/<Buffer ([0-9a-f ]+)/g)) {
    const bytes = hex?.replaceAll(' ', '') ?? ''
    expect(texts.filter((text) => Buffer.from(text).toString('hex').startsWith(bytes))).toEqual([])
  }
}

describe('with DEBUG=*', () => {
  it('a link by secret shows none of it, when it works and when it does not', async () => {
    const listening = child('child', { secret })
    await listening.waitFor(/^started/m)
    const stranger = parent('stranger', { secret: wrongSecret })
    expect(await stranger.exited).toBe(3)
    await listening.waitFor(/^refused/m)
    const good = parent('parent', { secret })
    await good.waitFor(/^stopped/m)
    expect(await good.exited).toBe(0)
    await listening.kill('SIGTERM')
    const all = [listening, stranger, good]
    // Otherwise nothing was turned on, and there is nothing to be found.
    expect(listening.output).toMatch(/discordoo:machines:link:server/)
    expect(stranger.output).toMatch(/discordoo:machines:link:dialer/)
    expect(stranger.output).toContain('DM_IDENTITY_REFUSED')
    expect(privateTexts().length).toBeGreaterThan(6)
    expectNoSecrets(all)
  })

  it('a link by first use shows none of its keys, when one has changed', async () => {
    const listening = child('child', {})
    await listening.waitFor(/^started/m)
    const first = parent('parent', {})
    expect(await first.exited, first.output).toBe(0)
    const second = parent('another', {})
    expect(await second.exited).toBe(3)
    await listening.waitFor(/HAS CHANGED/)
    await listening.kill('SIGTERM')
    expect(second.output).toContain('DM_IDENTITY_CHANGED')
    expectNoSecrets([listening, first, second])
  })

  it('faults in options and state files do not quote what is in them', async () => {
    const short = child('short', { secret: 'horse' })
    expect(await short.exited).toBe(3)
    const folder = join(project.folder, 'cut', `child-127.0.0.1-${port}`)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const seed = 'c2VlZCBvZiBhbiBpZGVudGl0eSwgY3V0IG9mZg=='
    writeFileSync(join(folder, 'identity.json'), `{"seed": "${seed}", "publ`, { mode: 0o600 })
    const cut = child('cut', { secret })
    expect(await cut.exited).toBe(3)
    expect(cut.output).toContain('DM_STATE_DIR')
    expect(cut.output).not.toContain(seed)
    expectNoSecrets([short, cut])
  })
})
