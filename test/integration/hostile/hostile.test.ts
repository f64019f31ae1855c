/**
 * A real child in a process of its own, linked with a real parent whose calls go on, at the mercy of
 * whoever finds its port: the parent must not notice, the memory must not grow, and everybody who
 * was refused must be counted.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ShardingManager } from '../../../dist/index.js'
import { eventually } from '../../support/eventually.js'
import { freePort } from '../../support/free-port.js'
import { guess } from '../../support/guesser.js'
import { type ManagerProcess, Project } from '../../support/manager-process.js'
import {
  dial,
  dialTls,
  loopbackAddress,
  type Target,
  untilClosed,
} from '../../support/raw-clients.js'
import { nativeBot, Testbed } from '../../support/testbed.js'

const MiB = 1024 * 1024
const secret = 'a secret of this test alone'

interface Report {
  readonly rss: number
  readonly heap: number
  readonly told: number
  readonly refusals: Readonly<Record<string, number>>
}

let project: Project
let bed: Testbed
let target: Target
let child: ManagerProcess
let parent: ShardingManager
let calls: Calls

function childFile(): string {
  return `
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ShardingManager } from 'discordoo-machines'
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
const manager = new ShardingManager({
  mode: 'machines', file: ${JSON.stringify(nativeBot)}, output: 'ignore',
  machines: {
    me: 'child', secret: ${JSON.stringify(secret)},
    ipc: { networkHost: '0.0.0.0', networkPort: ${target.port} },
  },
})
let told = 0
manager.on('refused', () => { told += 1 })
await manager.start()
process.on('SIGUSR2', () => {
  collect()
  const { rss, heapUsed: heap } = process.memoryUsage()
  console.log(JSON.stringify({ rss, heap, told, refusals: Object.fromEntries(manager.refusals) }))
})
console.log('listening')`
}

/** Calls of the parent that never stop: each must be answered. */
class Calls {
  readonly #failures: unknown[] = []
  readonly #loop: Promise<void>
  #answered = 0
  #isOver = false

  constructor(manager: ShardingManager) {
    this.#loop = this.#run(manager)
  }

  async stop() {
    this.#isOver = true
    await this.#loop
    return { answered: this.#answered, failures: this.#failures }
  }

  async #run(manager: ShardingManager): Promise<void> {
    while (!this.#isOver) {
      try {
        const ids = await manager.eval(({ bot }) => bot.id, { timeoutMs: 10_000 })
        if (ids.length !== 2) this.#failures.push(ids)
        this.#answered += 1
      } catch (error) {
        this.#failures.push(error)
      }
    }
  }
}

async function report(): Promise<Report> {
  const from = child.output.length
  child.child.kill('SIGUSR2')
  const [json] = await child.waitUntil(
    (output) => output.slice(from).match(/^\{"rss".*\}$/m) ?? undefined,
    'a report of the child',
  )
  return JSON.parse(json)
}

function sum(refusals: Report['refusals']): number {
  return Object.values(refusals).reduce((total, count) => total + count, 0)
}

/** Waits until the child has refused so many more than before; what it refused since, by code. */
async function refusedSince(before: Report, count: number): Promise<Record<string, number>> {
  const now = await eventually(async () => {
    const latest = await report()
    return sum(latest.refusals) - sum(before.refusals) >= count ? latest : undefined
  }, `${count} refusals`)
  const codes = Object.keys(now.refusals)
  const since = codes.map((code): [string, number] => [
    code,
    (now.refusals[code] ?? 0) - (before.refusals[code] ?? 0),
  ])
  return Object.fromEntries(since.filter(([, more]) => more !== 0))
}

/** Every attacker comes from an address that nobody has used before. */
let used = 1_000
function newAddress(): string {
  used += 1
  return loopbackAddress(used)
}

/** A wave from as many addresses; they stay until the child throws them out. */
async function wave(size: number): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: size }, () => dial(target, newAddress())))
  const thrownOut = sockets.map(untilClosed)
  // The last ones to come find a place in the lobby and may sit there until the timeout.
  await Promise.all(thrownOut.slice(0, size / 2))
  for (const socket of sockets) socket.destroy()
  await Promise.all(thrownOut)
}

// Attackers come from addresses of their own, and only Linux has all of 127.0.0.0/8 ready.
describe.runIf(process.platform === 'linux')('the port of a child', () => {
  beforeAll(async () => {
    project = await Project.create()
    bed = new Testbed()
    target = { host: '127.0.0.1', port: await freePort() }
    await project.write('child.mjs', childFile())
    child = await project.run('child.mjs')
    await child.waitFor(/listening/)
    const childManagerOptions = { mode: 'workers', shards: 2 } as const
    parent = bed.parent([{ ...target, childManagerOptions }], { secret })
    await parent.start()
  })
  afterAll(async () => {
    await bed.close()
    await child.kill('SIGTERM')
    await project.remove()
  })
  beforeEach(() => {
    calls = new Calls(parent)
  })
  afterEach(async () => {
    const { answered, failures } = await calls.stop()
    expect(failures).toEqual([])
    expect(answered).toBeGreaterThan(0)
    expect(parent.machines.first()?.phase).toBe('ready')
  })

  describe('who is no manager at all', () => {
    it('a port scanner: connects and leaves', async () => {
      const before = await report()
      for (let n = 0; n < 50; n++) (await dial(target, newAddress())).destroy()
      expect(await refusedSince(before, 50)).toEqual({ DM_TLS_FAILED: 50 })
    })

    it.each([
      ['an HTTP client', 'GET / HTTP/1.1\r\nHost: child\r\n\r\n'],
      ['garbage', '\0\u0001\u0002 not TLS at all'],
    ])('%s gets no answer but an alert of TLS', async (_name, words) => {
      const before = await report()
      const socket = await dial(target, newAddress())
      socket.write(words)
      expect((await untilClosed(socket)).length).toBeLessThanOrEqual(7)
      expect(await refusedSince(before, 1)).toEqual({ DM_TLS_FAILED: 1 })
    })

    it('a TLS client without a certificate hears nothing, and garbage after that is refused', async () => {
      const before = await report()
      const socket = await dialTls(target, newAddress())
      socket.write('GET / HTTP/1.1\r\n\r\n')
      expect(await untilClosed(socket)).toBe('')
      expect(await refusedSince(before, 1)).toEqual({ DM_PREFACE_INVALID: 1 })
    })

    it('a TLS client of another protocol is not even talked to', async () => {
      const before = await report()
      const socket = await dial(target, newAddress())
      // A record of TLS that announces a ClientHello and never sends it.
      socket.end(Buffer.from('160301020001', 'hex'))
      await untilClosed(socket)
      expect(await refusedSince(before, 1)).toEqual({ DM_TLS_FAILED: 1 })
    })

    it.each([
      ['garbage', '4453434d0101', 'DM_FRAME_INVALID', 'deadbeefff'],
      ['a frame of 4 GiB', '4453434d0101', 'DM_FRAME_TOO_LARGE', 'ffffffff02'],
      ['a frame over the bound', '4453434d0101', 'DM_FRAME_TOO_LARGE', '0000400102'],
      ['a message of the session', '4453434d0101', 'DM_FRAME_INVALID', '0000000810'],
    ])('after a right preface: %s', async (_name, preface, code, bytes) => {
      const before = await report()
      const socket = await dialTls(target, newAddress())
      socket.write(Buffer.from(preface + bytes, 'hex'))
      const heard = await untilClosed(socket)
      expect(heard.slice(0, 4)).toBe('DSCM')
      expect(heard).toContain(`{"code":"${code}","reason":""}`)
      expect(await refusedSince(before, 1)).toEqual({ [code]: 1 })
    })
  })

  describe('who keeps a connection without getting on', () => {
    it('is cut off in time on every level, and the port stays open for others', async () => {
      const before = await report()
      const silent = await dial(target, newAddress())
      const atTls = await dial(target, newAddress())
      const atPreface = await dialTls(target, newAddress())
      const atHandshake = await dialTls(target, newAddress())
      const all = [silent, atTls, atPreface, atHandshake]
      const bytes = [
        Buffer.alloc(0),
        Buffer.from('16030102000100', 'hex'),
        Buffer.from('4453434d', 'hex'),
        Buffer.from('4453434d01010000100002', 'hex'),
      ]
      // A byte a second, as long as there are some: none of them is a sign of good will.
      const drip = setInterval(() => {
        for (const [index, socket] of all.entries()) {
          const byte = bytes[index]?.subarray(0, 1) ?? Buffer.alloc(0)
          bytes[index] = bytes[index]?.subarray(1) ?? Buffer.alloc(0)
          if (byte.length > 0 && !socket.destroyed) socket.write(byte)
        }
      }, 1_000)
      const closed = Promise.all(all.map(untilClosed))
      // Somebody who does get on is served meanwhile, if only with a refusal.
      expect(await guess(target, newAddress(), 'a wrong secret of mine')).toBe(
        'DM_IDENTITY_REFUSED',
      )
      const heard = await closed
      clearInterval(drip)
      expect(heard.slice(0, 3)).toEqual(['', '', ''])
      expect(heard[3]).toContain('DM_HANDSHAKE_TIMEOUT')
      expect(await refusedSince(before, 5)).toEqual({
        DM_IDENTITY_REFUSED: 1,
        DM_HANDSHAKE_TIMEOUT: 4,
      })
    })
  })

  describe('a parent with a wrong secret', () => {
    it('that tries again and again has to wait, and opens nothing', async () => {
      const before = await report()
      const address = newAddress()
      const told: string[] = []
      for (let n = 0; n < 60; n++) told.push(await guess(target, address, `secret number ${n}`))
      const seen = told.filter((code) => code === 'DM_IDENTITY_REFUSED').length
      expect(told).not.toContain('in')
      // The free ones, and those that the doubling delay let through in the time that this took.
      expect(seen).toBeGreaterThan(3)
      expect(seen).toBeLessThan(20)
      expect(await refusedSince(before, 60)).toEqual({
        DM_IDENTITY_REFUSED: seen,
        DM_REFUSED_TOO_OFTEN: 60 - seen,
      })
    })
  })

  describe('ten thousand connections', () => {
    it('are refused and counted one by one, in flat memory and few lines', async () => {
      const size = 250
      const atFirst = await report()
      for (let n = 0; n < 4; n++) await wave(size)
      await refusedSince(atFirst, 4 * size)
      const before = await report()
      for (let n = 0; n < 40; n++) await wave(size)
      const refused = await refusedSince(before, 40 * size)
      expect(Object.values(refused).reduce((total, count) => total + count, 0)).toBe(40 * size)
      expect(refused.DM_CONNECTION_LIMIT).toBeGreaterThan(20 * size)
      const after = await report()
      expect((after.rss - before.rss) / MiB).toBeLessThan(96)
      expect((after.heap - before.heap) / MiB).toBeLessThan(8)
      expect(after.told - before.told).toBeLessThan(200)
    })
  })
})
