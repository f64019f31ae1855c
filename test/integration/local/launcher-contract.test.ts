/** What every launcher must do, run against the built package by each of the three. */

import { EventEmitter, once } from 'node:events'
import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { InstanceExit, Launcher } from '../../../dist/modes/local/launcher.js'
import { createLauncher } from '../../../dist/modes/local/launchers/create-launcher.js'
import { realSystem } from '../../../dist/system/system.js'
import {
  botFile,
  LaunchedBot,
  launcherModes,
  launchScript,
  runOptions,
  specOf,
} from '../../support/launched-bot.js'

const cleanExit: InstanceExit = { code: 0, signal: null }

describe.each(launcherModes)('the launcher of %s', (mode) => {
  const isProcess = mode !== 'workers'
  let launcher: Launcher
  let bots: LaunchedBot[]

  const launch: (
    ...given: Parameters<typeof launchScript> extends [unknown, ...infer Rest] ? Rest : never
  ) => LaunchedBot = (...given) => {
    const bot = launchScript(launcher, ...given)
    bots.push(bot)
    return bot
  }

  beforeEach(() => {
    launcher = createLauncher(mode, realSystem)
    bots = []
  })

  afterEach(async () => {
    for (const { instance } of bots) instance.kill('SIGKILL')
    await Promise.all(bots.map(({ instance }) => instance.exited))
    await launcher.close()
  })

  it('reports hello before ready, and its pid', async () => {
    const bot = launch('facts')
    await bot.ready()
    expect(bot.ops[0]).toBe(1)
    const { pid } = await bot.json()
    expect(bot.instance.pid).toBe(isProcess ? pid : undefined)
  })

  it('gives the identity and the environment', async () => {
    process.env.DISCORDOO_MACHINES_SECRET = 'a secret of the manager'
    const bot = launch('facts', { env: { SCRIPT: 'facts', GIVEN: 'by the user' } })
    delete process.env.DISCORDOO_MACHINES_SECRET
    const facts = await bot.json()
    const identity = {
      version: 1,
      instance: 3,
      shards: '96-98,127',
      totalShards: 256,
      machine: '10.0.18.1:8379',
      mode,
      callTimeoutMs: 30_000,
    }
    expect(facts.identity).toEqual(identity)
    expect(facts.identityVariable).toEqual(identity)
    expect(facts.given).toBe('by the user')
    expect(facts.secret).toBeUndefined()
    expect(facts.channelVariable).toBeUndefined()
    expect(facts.isMainThread).toBe(isProcess)
  })

  it('applies the arguments of the user', async () => {
    const execArgv = ['--no-warnings']
    const facts = await launch('facts', {
      forkOptions: { execArgv },
      spawnOptions: { execArgv },
    }).json()
    expect(facts.warnings).toBe(true)
  })

  if (isProcess) {
    it('applies the working folder of the user', async () => {
      const cwd = realpathSync(tmpdir())
      const facts = await launch('facts', { forkOptions: { cwd } }).json()
      expect(facts.cwd).toBe(cwd)
    })
  }

  if (!isProcess) {
    it('applies workerData and resourceLimits of the user', async () => {
      const facts = await launch('facts', {
        spawnOptions: { workerData: { given: 1 }, resourceLimits: { maxOldGenerationSizeMb: 64 } },
      }).json()
      expect(facts.workerData).toEqual({ given: 1 })
      expect(facts.resourceLimits).toMatchObject({ maxOldGenerationSizeMb: 64 })
    })
  }

  it('carries large envelopes both ways', async () => {
    const bot = launch('echo')
    await bot.ready()
    const large = Buffer.alloc(5 * 1024 * 1024, 'discord')
    expect(bot.send(large)).toBe(true)
    expect((await bot.envelope()).equals(large)).toBe(true)
  })

  it('carries bursts both ways in order', async () => {
    const bot = launch('burst')
    await bot.ready()
    const numbers = Array.from({ length: 10_000 }, (_, index) => index)
    expect(bot.envelopes.map(Number)).toEqual(numbers)
    for (const number of numbers) bot.send(Buffer.from(`${number}`))
    await bot.until(() => bot.envelopes.length === 20_000)
    expect(bot.envelopes.slice(10_000).map(Number)).toEqual(numbers)
  })

  it('stops a bot that says goodbye', async () => {
    const bot = launch('echo')
    await bot.ready()
    bot.askStop()
    expect(await bot.instance.exited).toEqual(cleanExit)
    await bot.until(() => bot.closed !== undefined)
    expect(bot.closed).toEqual({ error: undefined })
    expect(await bot.json()).toEqual({ stop: { reason: 'test', timeoutMs: 5_000 } })
    expect(bot.ops.at(-1)).toBe(4)
    expect(bot.send(Buffer.alloc(1))).toBe(false)
  })

  it('stops a bot that has not loaded the bot API', async () => {
    const bot = launch('unaware')
    await bot.greeted()
    bot.askStop()
    expect(await bot.instance.exited).toEqual(cleanExit)
  })

  if (isProcess) {
    it('lets such a bot end by its own SIGTERM listener', async () => {
      const bot = launch('polite')
      await bot.until(() => bot.output.includes('listening'))
      bot.askStop()
      expect(await bot.instance.exited).toEqual({ code: 7, signal: null })
      expect(bot.output).toContain('bye by SIGTERM')
    })
  }

  it('ends a bot that ignores the request', async () => {
    const bot = launch('deaf')
    await bot.ready()
    bot.askStop()
    bot.instance.kill('SIGTERM')
    if (isProcess) {
      await bot.until(() => bot.output.includes('SIGTERM ignored'))
      bot.instance.kill('SIGKILL')
    }
    const expected = isProcess ? { code: null, signal: 'SIGKILL' } : { code: 1, signal: null }
    expect(await bot.instance.exited).toEqual(expected)
  })

  it('ends a bot that blocks its event loop', async () => {
    const bot = launch('blocked')
    await bot.until(() => bot.output.includes('blocking'))
    bot.instance.kill('SIGKILL')
    expect((await bot.instance.exited).code).toBe(isProcess ? null : 1)
  })

  it('reports the exit code', async () => {
    expect(await launch('exits').instance.exited).toEqual({ code: 3, signal: null })
  })

  it('reports an uncaught error and lives on', async () => {
    const bot = launch('throws')
    const exit = await bot.instance.exited
    expect(exit.code).toBe(1)
    if (isProcess) await bot.until(() => bot.output.includes('the bot threw'))
    else expect(exit.error?.message).toBe('the bot threw')
  })

  it('turns a missing file into an exit with an error', async () => {
    const run = runOptions(mode, { file: botFile('missing.js') })
    const bot = new LaunchedBot(launcher.launch(specOf(run)))
    const { error } = await bot.instance.exited
    expect(error).toMatchObject({ code: 'DM_INSTANCE_SPAWN', instance: 3 })
    expect(error?.message).toContain('missing.js')
    expect(bot.send(Buffer.alloc(1))).toBe(false)
  })

  it('turns options that Node refuses into an exit with an error', async () => {
    const bot = launch('echo', {
      forkOptions: { uid: 1.5 },
      spawnOptions: { execArgv: ['--max-old-space-size=100'] },
    })
    expect((await bot.instance.exited).error).toMatchObject({ code: 'DM_INSTANCE_SPAWN' })
  })

  if (mode === 'processes') {
    it('turns a Node that does not exist into an exit with an error', async () => {
      const bot = launch('echo', { forkOptions: { execPath: '/does/not/exist/node' } })
      const { error } = await bot.instance.exited
      expect(error).toMatchObject({ code: 'DM_INSTANCE_SPAWN', cause: { code: 'ENOENT' } })
    })
  }

  it('passes megabytes of output on', async () => {
    const bot = launch('floods')
    await bot.ready()
    await bot.until(() => bot.output.length >= 4_000_000)
    expect(bot.output).toHaveLength(4_000_000)
  })

  it('has no pipes for output that nobody wants', async () => {
    const bot = launch('floods', { output: 'ignore' })
    await bot.ready()
    expect(bot.instance.stdout === null).toBe(isProcess)
    expect(bot.instance.stderr === null).toBe(isProcess)
  })

  it("leaves the bot's own traffic with its parent alone", async () => {
    const bot = launch('ownTraffic')
    const { raw } = bot.instance
    if (!(raw instanceof EventEmitter)) throw new Error('raw is no emitter')
    const [own] = await once(raw, 'message')
    expect(own).toEqual({ hello: 'own' })
    const answer = once(raw, 'message')
    if (raw instanceof Worker) raw.postMessage('question', [])
    if ('send' in raw && typeof raw.send === 'function') raw.send('question')
    expect((await answer)[0]).toEqual({ echoed: 'question' })
    expect(bot.ops).not.toContain(3)
  })

  it("carries Node's own messages both ways, and refuses them when the bot is gone", async () => {
    const bot = launch('ownTraffic')
    const { ipc } = bot.instance
    const heard: unknown[] = []
    ipc.onMessage = (message) => void heard.push(message)
    await expect.poll(() => heard).toEqual([{ hello: 'own' }])
    expect(ipc.send(['question', { text: 'x'.repeat(100_000) }])).toBe(true)
    await expect.poll(() => heard.length).toBe(2)
    expect(heard[1]).toEqual({ echoed: ['question', { text: 'x'.repeat(100_000) }] })
    bot.instance.kill('SIGKILL')
    await bot.instance.exited
    expect(ipc.send('anybody?')).toBe(false)
  })

  it('runs CommonJS bots as their own main module', async () => {
    const file = botFile('required.cjs')
    const bot = new LaunchedBot(launcher.launch(specOf(runOptions(mode, { file }))))
    bots.push(bot)
    expect(await bot.json()).toEqual({ isMain: true, file })
  })

  it('stays out of processes and threads that the bot starts by itself', async () => {
    const bot = launch('offspring')
    expect(await bot.json()).toEqual({ process: 'undefined', thread: 'undefined' })
    await bot.ready()
    bot.askStop()
    expect(await bot.instance.exited).toEqual(cleanExit)
  })
})
