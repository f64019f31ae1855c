/** Node's own message channel between a manager and the bot, with a bound on what waits in it. */
import type { ChildProcess, Serializable } from 'node:child_process'
import type { Worker } from 'node:worker_threads'
import type { BotIpc } from '../../../instances/dialects/dialect.js'
import { limits } from '../../../limits.js'

/** What a message costs beside the text that it holds. */
const messageBytes = 256

/** `process.send` and `process.on('message')` of a child process or cluster worker. */
export function childIpc(child: ChildProcess): BotIpc {
  let waiting = 0
  const ipc: BotIpc = {
    onMessage() {},
    send(message) {
      const bytes = roughBytesOf(message)
      if (!child.connected || waiting + bytes > limits.channelBacklogBytesMax) return false
      // Node's own queue has no bound: what it has not handed to the system yet is counted here.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of Node leave out what it throws for
      child.send(message as Serializable, () => {
        waiting -= bytes
      })
      waiting += bytes
      return true
    },
  }
  child.on('message', (message: unknown) => ipc.onMessage(message))
  return ipc
}

/** `parentPort` of a worker thread, which tells nobody what waits in it. */
export function workerIpc(worker: Worker): BotIpc {
  const ipc: BotIpc = {
    onMessage() {},
    send(message) {
      if (worker.threadId === -1) return false
      worker.postMessage(message, [])
      return true
    },
  }
  worker.on('message', (message: unknown) => ipc.onMessage(message))
  return ipc
}

/** For an instance that never came to life. */
export function closedIpc(): BotIpc {
  return { onMessage() {}, send: () => false }
}

/** The long texts in a message are what counts: scripts, and results or lists of results. */
function roughBytesOf(message: unknown, depth = 0): number {
  if (typeof message === 'string') return messageBytes + message.length
  if (typeof message !== 'object' || message === null || depth > 2) return messageBytes
  let bytes = messageBytes
  for (const value of Object.values(message)) bytes += roughBytesOf(value, depth + 1)
  return bytes
}
