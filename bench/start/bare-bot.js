// The same without anything: says one word, and stays until it is told to go.
import { parentPort } from 'node:worker_threads'

if (parentPort === null) {
  process.send?.('ready')
  process.on('disconnect', () => process.exit())
} else {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  parentPort.postMessage('ready')
  parentPort.ref()
  parentPort.on('message', () => {})
}
