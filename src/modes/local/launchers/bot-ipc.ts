/** Node's own message channel between a manager and the bot, with a bound on what waits in it. */
import type { ChildProcess, Serializable } from 'node:child_process'
import type { Worker } from 'node:worker_threads'
import type { BotIpc } from '../../../instances/dialects/dialect.js'
import { limits } from '../../../limits.js'

/** What a message costs beside what it holds: its frame, and a place in a queue. */
const messageBytes = 256

/** What a value costs that is no text: a number, a bracket with its comma. */
const valueBytes = 8

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

/**
 * About as long as the message is as JSON, or a little over channelBacklogBytesMax where it is longer.
 * Lists of a million short texts are what bots ask each other for, so a value must not cost much more
 * than it is.
 */
export function roughBytesOf(message: unknown): number {
  const bytesMax = limits.channelBacklogBytesMax
  return messageBytes + bytesMax - roomAfter(message, bytesMax, 0)
}

/** What is left of the room; counting ends where none is, and so ends for whatever goes round, too. */
function roomAfter(value: unknown, room: number, depth: number): number {
  const left = room - valueBytes
  if (typeof value === 'string') return left - value.length
  if (typeof value !== 'object' || value === null || depth > limits.bodyDepthMax) return left
  // JSON writes each byte as a number.
  if (ArrayBuffer.isView(value)) return left - value.byteLength * 4
  return Array.isArray(value)
    ? roomAfterList(value, left, depth)
    : roomAfterKeys(value, left, depth)
}

function roomAfterList(list: readonly unknown[], room: number, depth: number): number {
  let left = room
  for (const item of list) {
    if (left < 0) break
    left = roomAfter(item, left, depth + 1)
  }
  return left
}

function roomAfterKeys(value: object, room: number, depth: number): number {
  let left = room
  for (const [key, item] of Object.entries(value)) {
    if (left < 0) break
    left = roomAfter(item, left - key.length, depth + 1)
  }
  return left
}
