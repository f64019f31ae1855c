/** What could carry messages between a manager and its instances, each as an echo on both sides. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MessageChannel, Worker } from 'node:worker_threads'
import { fromDist } from '../lib/dist.js'

const file = fileURLToPath(new URL('instance.js', import.meta.url))

/** Fork's own channel: objects in, objects out. @param {'json' | 'advanced'} serialization */
async function forkChannel(serialization) {
  const child = fork(file, ['fork'], { serialization })
  return {
    send: (message) => child.send(message),
    receive: (take) => child.on('message', take),
    stop: () => child.kill(),
  }
}

/** A worker's port, one message each. */
async function bareWorker() {
  const worker = new Worker(file, { argv: ['worker'] })
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    send: (message) => worker.postMessage(message),
    receive: (take) => worker.on('message', take),
    stop: () => worker.terminate(),
  }
}

/** Our channel with our bodies, over what `connect` gives. */
async function ours(connect) {
  const { encodeBody, decodeBody } = await fromDist('routing/body-codec.js')
  const { channel, stop } = await connect()
  return {
    send: (message) => channel.send(3, encodeBody(message, 'message')),
    receive(take) {
      channel.events = { frame: (_op, payload) => take(decodeBody(payload)), close() {} }
    },
    stop,
  }
}

async function socketPair() {
  const { socketChannel } = await fromDist('instances/channel/socket-channel.js')
  const path = join(tmpdir(), `discordoo-machines-bench-${process.pid}.sock`)
  const server = createServer().listen(path)
  await once(server, 'listening')
  const child = fork(file, ['socket', path])
  const [socket] = await once(server, 'connection')
  server.close()
  return { channel: socketChannel(socket), stop: () => child.kill() }
}

async function messagePort() {
  const { portChannel } = await fromDist('instances/channel/port-channel.js')
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(file, { argv: ['port'], workerData: port2, transferList: [port2] })
  await once(worker, 'online')
  return { channel: portChannel(port1), stop: () => worker.terminate() }
}

/** @type {Record<string, () => Promise<{ send(message: unknown): unknown, receive(take: (message: any) => void): void, stop(): unknown }>>} */
export const channels = {
  'fork-json': () => forkChannel('json'),
  'fork-advanced': () => forkChannel('advanced'),
  worker: bareWorker,
  socket: () => ours(socketPair),
  port: () => ours(messagePort),
}

/** The instance's end of `socket` and `port`. @param {string} kind @param {any} where */
export async function farEnd(kind, where) {
  const module = kind === 'socket' ? 'socket-channel' : 'port-channel'
  const { socketChannel, portChannel } = await fromDist(`instances/channel/${module}.js`)
  if (kind === 'port') return portChannel(where)
  const socket = new Socket()
  socket.connect(where)
  await once(socket, 'connect')
  return socketChannel(socket)
}
