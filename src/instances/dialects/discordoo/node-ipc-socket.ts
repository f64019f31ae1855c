/**
 * The socket of a discordoo bot by means of node-ipc, the library that discordoo itself uses.
 *
 * Of node-ipc only the Unix socket (named pipe on Windows) is used, in raw mode: its own parser
 * copies everything unread with each chunk, keeps frames of any length, and looks the `type` of a
 * frame up among its listeners, so a bot could pretend to be the end of a connection, or end the
 * manager with `"type":"constructor"`. Here a FrameReader takes its place. The retries are ours, too:
 * those of node-ipc come at fixed times from a timer of its own.
 */
import { existsSync, unlinkSync } from 'node:fs'
import type nodeIpc from 'node-ipc'
import { FrameReader } from './frame-reader.js'
import type { PacketSocket, PacketSocketEvents } from './packet-socket.js'
import type { Frame } from './packets.js'

type NodeIpc = typeof nodeIpc
type Ipc = InstanceType<NodeIpc['IPC']>
type Client = NodeIpc['of'][string]

/** node-ipc knows connections by name; each has an IPC object of its own here, so one name does. */
const name = 'bot'

export function nodeIpcSocket(path: string, events: PacketSocketEvents): PacketSocket {
  return new NodeIpcSocket(path, events)
}

class NodeIpcSocket implements PacketSocket {
  readonly #path: string
  readonly #events: PacketSocketEvents
  #ipc: Ipc | undefined
  /** The connection that is open. */
  #connection: Client | undefined
  #isClosed = false

  constructor(path: string, events: PacketSocketEvents) {
    this.#path = path
    this.#events = events
  }

  dial(): void {
    if (this.#isClosed) return
    if (!mayListen(this.#path)) {
      queueMicrotask(() => this.#lost())
      return
    }
    this.#ipc ??= createIpc()
    this.#ipc.connectTo(name, this.#path)
    const client = this.#ipc.of[name]
    if (client === undefined) return
    const reader = new FrameReader()
    client.on('connect', () => {
      if (this.#isClosed) return
      this.#connection = client
      this.#events.open()
    })
    client.on('data', (bytes: Buffer) => this.#read(reader, bytes))
    client.on('disconnect', () => this.#lost())
  }

  send({ text }: Frame): void {
    // In raw mode node-ipc sends its first argument as it is.
    this.#connection?.emit(text)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#connection = undefined
    this.#ipc?.disconnect(name)
    removeFile(this.#path)
  }

  #lost(): void {
    this.#connection = undefined
    if (!this.#isClosed) this.#events.closed()
  }

  #read(reader: FrameReader, bytes: Buffer): void {
    for (const event of reader.read(bytes.toString())) {
      if (this.#isClosed) return
      if (event.type === 'packet') this.#events.packet(event.packet)
      else if (event.type === 'tooLong') this.#events.tooLong(event.eventId)
    }
  }
}

/** Loads the library not before a bot listens: most managers never meet one of discordoo. */
function createIpc(): Ipc {
  const { createRequire } = process.getBuiltinModule('node:module')
  const { IPC }: NodeIpc = createRequire(import.meta.url)('node-ipc')
  const ipc = new IPC()
  Object.assign(ipc.config, {
    appspace: 'ddoo',
    socketRoot: '/tmp/',
    silent: true,
    rawBuffer: true,
    stopRetrying: true,
  })
  return ipc
}

/**
 * A bot of another library never makes the file, and is looked for as long as it lives: to look costs
 * a fraction of a connection that fails. Whether there is a named pipe only a connection shows.
 */
function mayListen(path: string): boolean {
  return process.platform === 'win32' || existsSync(path)
}

/**
 * A bot that was killed leaves its socket file. Removed at once and not in a later turn: the next
 * incarnation listens on the same path.
 */
function removeFile(path: string): void {
  if (process.platform === 'win32') return
  try {
    unlinkSync(path)
  } catch {
    // It removed the file itself, or never made one.
  }
}
