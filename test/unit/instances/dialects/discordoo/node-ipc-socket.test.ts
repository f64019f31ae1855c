/** What only node-ipc could leave behind; the rest is in `packet-socket.test.ts`. */
import { existsSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { deferred } from '../../../../support/deferred.js'
import { NetBot } from './net-bot.js'

const done: (() => unknown)[] = []

afterEach(async () => {
  for (const undo of done.splice(0).toReversed()) await undo()
})

async function connect() {
  const bot = new NetBot()
  done.push(() => bot.close())
  await bot.listen()
  const opened = deferred()
  const socket = bot.openSocket(bot.path, {
    open: opened.resolve,
    closed() {},
    packet() {},
    tooLong() {},
  })
  done.push(() => socket.close())
  socket.dial()
  await opened.promise
  return { bot, socket }
}

function listeners(): unknown[] {
  return process.eventNames().map((name) => [name, process.listenerCount(name)])
}

describe('node-ipc socket', () => {
  it('removes the file that a killed bot left', async () => {
    const { bot, socket } = await connect()
    expect(existsSync(bot.path)).toBe(true)
    socket.close()
    expect(existsSync(bot.path)).toBe(false)
  })

  it('leaves no listeners on the process', async () => {
    const before = listeners()
    const { socket } = await connect()
    socket.close()
    expect(listeners()).toEqual(before)
  })

  it('prints nothing', async () => {
    const printed: unknown[] = []
    const { log } = console
    console.log = (...args) => printed.push(args)
    try {
      const { bot, socket } = await connect()
      bot.drop()
      socket.close()
    } finally {
      console.log = log
    }
    expect(printed).toEqual([])
  })
})
