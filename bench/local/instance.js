/** The instance: sends back what it gets. `instance.js fork | worker | socket <path> | port`. */
import { parentPort, workerData } from 'node:worker_threads'
import { fromDist } from '../lib/dist.js'
import { farEnd } from './channels.js'

const [, , kind = '', path] = process.argv

if (kind === 'fork') {
  process.on('message', (message) => process.send?.(message))
} else if (kind === 'worker') {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  parentPort?.on('message', (message) => parentPort?.postMessage(message))
} else {
  const { encodeBody, decodeBody } = await fromDist('routing/body-codec.js')
  const channel = await farEnd(kind, kind === 'socket' ? path : workerData)
  const frame = (op, payload) => channel.send(op, encodeBody(decodeBody(payload), 'message'))
  channel.events = { frame, close: () => process.exit() }
}
