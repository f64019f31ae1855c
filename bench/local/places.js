/**
 * Where an instance runs and what Node gives to reach it: the manager's end, and the instance's.
 * Streams are sockets; everything else is a messenger, `{ post, on }`.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MessageChannel, Worker, workerData } from 'node:worker_threads'

/** @typedef {{ post: (message: unknown, transfer?: readonly any[]) => unknown, on: (take: (message: any) => void) => unknown }} Messenger */
/** @typedef {{ manager: (kind: string) => Promise<{ carrier: any, stop: () => unknown }>, instance: () => any }} Place */

const file = fileURLToPath(new URL('instance.js', import.meta.url))
/** 0 to 2 are stdio, 3 is Node's own ipc. */
const pairFd = 4

/** Fork's own channel. @param {'json' | 'advanced'} serialization @returns {Place} */
const ipc = (serialization) => ({
  async manager(kind) {
    const child = fork(file, [kind], { serialization })
    const carrier = {
      post: (message) => child.send(message),
      on: (take) => child.on('message', take),
    }
    return { carrier, stop: () => child.kill() }
  },
  instance: () => ({
    post: (message) => process.send?.(message),
    on: (take) => process.on('message', take),
  }),
})

/** A socket pair on a file descriptor of its own. @type {Place} */
const pair = {
  async manager(kind) {
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc', 'pipe']
    const child = fork(file, [kind], { stdio })
    return { carrier: child.stdio[pairFd], stop: () => child.kill() }
  },
  instance: () => new Socket({ fd: pairFd, readable: true, writable: true }),
}

/** A socket file in the folder for temporary files. @type {Place} */
const unix = {
  async manager(kind) {
    const path = join(tmpdir(), `discordoo-machines-bench-${process.pid}.sock`)
    const server = createServer().listen(path)
    await once(server, 'listening')
    const child = fork(file, [kind, path])
    const [socket] = await once(server, 'connection')
    server.close()
    return { carrier: socket, stop: () => child.kill() }
  },
  async instance() {
    const socket = new Socket()
    socket.connect(process.argv[3] ?? '')
    await once(socket, 'connect')
    return socket
  },
}

/** A worker, and a port that nothing else uses. @type {Place} */
const port = {
  async manager(kind) {
    const { port1, port2 } = new MessageChannel()
    const worker = new Worker(file, { argv: [kind], workerData: port2, transferList: [port2] })
    await once(worker, 'online')
    return { carrier: port1, stop: () => worker.terminate() }
  },
  instance: () => workerData,
}

export const places = { ipc: ipc('json'), 'ipc-advanced': ipc('advanced'), pair, unix, port }
