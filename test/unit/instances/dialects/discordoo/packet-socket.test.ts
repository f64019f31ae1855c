/** What every PacketSocket keeps to; see `src/instances/dialects/discordoo/packet-socket.ts`. */
import { afterEach, describe, expect, it } from 'vitest'
import type { PacketSocket } from '../../../../../src/instances/dialects/discordoo/packet-socket.js'
import { encodeFrame } from '../../../../../src/instances/dialects/discordoo/packets.js'
import { eventually } from '../../../../support/eventually.js'
import { MemoryBot } from './memory-bot.js'
import { type BotEnd, NetBot } from './net-bot.js'

class MemoryEnd implements BotEnd {
  readonly #bot = new MemoryBot()
  readonly openSocket = this.#bot.open
  readonly path = '/nowhere'

  constructor() {
    this.#bot.isListening = false
  }

  get received(): string {
    return this.#bot.received
  }

  async listen(): Promise<void> {
    this.#bot.isListening = true
  }

  write(text: string): void {
    this.#bot.write(text)
  }

  drop(): void {
    this.#bot.drop()
  }

  async close(): Promise<void> {}
}

const done: (() => unknown)[] = []

afterEach(async () => {
  for (const undo of done.splice(0).toReversed()) await undo()
})

const ends = [
  { name: 'node-ipc', make: () => new NetBot() },
  { name: 'memory', make: () => new MemoryEnd() },
]

function frameOf(data: unknown): string {
  return `${JSON.stringify({ type: '__DDOO__.MESSAGE', data })}\f`
}

describe.each(ends)('packet socket by $name', ({ make }) => {
  interface Opened {
    readonly bot: BotEnd
    readonly socket: PacketSocket
    /** What happened, in order. */
    readonly log: unknown[]
    readonly until: (length: number) => Promise<unknown[]>
  }

  function open(): Opened {
    const bot: BotEnd = make()
    const log: unknown[] = []
    const socket = bot.openSocket(bot.path, {
      open: () => log.push('open'),
      closed: () => log.push('closed'),
      packet: (packet) => log.push({ packet }),
      tooLong: (eventId) => log.push({ tooLong: eventId }),
    })
    done.push(() => bot.close())
    done.push(() => socket.close())
    const until = (length: number) =>
      eventually(() => (log.length >= length ? log : undefined), `${length} events`)
    return { bot, socket, log, until }
  }

  async function connect(): Promise<Opened> {
    const opened = open()
    await opened.bot.listen()
    opened.socket.dial()
    await opened.until(1)
    return opened
  }

  it('reports each dial that finds nobody, in a later turn, and can dial again', async () => {
    const { bot, socket, log, until } = open()
    socket.dial()
    expect(log).toEqual([])
    expect(await until(1)).toEqual(['closed'])
    socket.dial()
    expect(await until(2)).toEqual(['closed', 'closed'])
    await bot.listen()
    socket.dial()
    expect(await until(3)).toEqual(['closed', 'closed', 'open'])
  })

  it('sends frames whole and in order', async () => {
    const { bot, socket } = await connect()
    const frames = Array.from({ length: 100 }, (_, n) =>
      encodeFrame({ op: n, d: { ж: 'ñ'.repeat(n) } }),
    )
    for (const frame of frames) socket.send(frame)
    const sent = frames.map(({ text }) => text).join('')
    await eventually(() => bot.received.length >= sent.length || undefined, 'all frames')
    expect(bot.received).toBe(sent)
  })

  it('hands on packets, however they were cut, and ignores other frames', async () => {
    const { bot, until, log } = await connect()
    const large = { op: 0, d: { text: 'ю'.repeat(500_000) } }
    bot.write(frameOf({ op: 1 }) + frameOf({ op: 2 }))
    bot.write(`no json\f{"type":"other","data":1}\f[]\fnull\f${frameOf(large)}`)
    const last = frameOf({ op: 3 })
    bot.write(last.slice(0, 10))
    bot.write(last.slice(10))
    await until(5)
    expect(log.slice(1)).toEqual([
      { packet: { op: 1 } },
      { packet: { op: 2 } },
      { packet: large },
      { packet: { op: 3 } },
    ])
  })

  it('cannot be led to believe in events by the type of a frame', async () => {
    const { bot, until, log } = await connect()
    const types = [
      'connect',
      'disconnect',
      'destroy',
      'error',
      'data',
      '*',
      '__proto__',
      'constructor',
    ]
    for (const type of types) bot.write(`${JSON.stringify({ type, data: { op: 9 } })}\f`)
    bot.write('{"type":{"toString":1,"valueOf":1},"data":1}\f{"type":null}\f')
    bot.write(frameOf('last'))
    await until(2)
    expect(log).toEqual(['open', { packet: 'last' }])
  })

  it('reports the end of a connection once, and starts afresh on the next', async () => {
    const { bot, socket, until, log } = await connect()
    bot.write('{"half a frame')
    bot.drop()
    await until(2)
    socket.send(encodeFrame({ op: 0, d: {} }))
    socket.dial()
    await until(3)
    bot.write(frameOf(7))
    await until(4)
    expect(log).toEqual(['open', 'closed', 'open', { packet: 7 }])
  })

  it('is silent after close, during a dial too', async () => {
    const { bot, socket, log } = await connect()
    socket.close()
    socket.close()
    bot.write(frameOf(1))
    socket.send(encodeFrame({ op: 0, d: {} }))
    const dialing = open()
    await dialing.bot.listen()
    dialing.socket.dial()
    dialing.socket.close()
    dialing.socket.dial()
    // Another connection gets through after both, so nothing of theirs is still on its way.
    await connect()
    expect(log).toEqual(['open'])
    expect(dialing.log).toEqual([])
  })
})
