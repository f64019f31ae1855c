/**
 * How long until N instances are ready: `process.js <ours | bare> <processes | workers> <N>`. The bot
 * is the same file on both sides: it says that it is ready, and stays.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { fromDist, nameBotApi } from '../lib/dist.js'
import { answer } from '../lib/processes.js'

const [, , who = '', mode = '', count = '1'] = process.argv
const instances = Number(count)
const bots = {
  ours: fileURLToPath(new URL('bot.js', import.meta.url)),
  bare: fileURLToPath(new URL('bare-bot.js', import.meta.url)),
}

async function ours() {
  const { ShardingManager } = await fromDist('index.js')
  nameBotApi()
  const options = { mode, file: bots.ours, shards: instances, shardsPerInstance: 1 }
  const manager = new ShardingManager({
    ...options,
    startConcurrency: instances,
    output: 'ignore',
    signals: 'ignore',
  })
  const begin = performance.now()
  await manager.start()
  return { ms: performance.now() - begin, stop: () => manager.stop() }
}

/** The loop that everybody writes first: all at once, and one message from each. */
async function bare() {
  const begin = performance.now()
  const all = Array.from({ length: instances }, () =>
    mode === 'workers' ? new Worker(bots.bare) : fork(bots.bare),
  )
  await Promise.all(all.map((one) => once(one, 'message')))
  const ms = performance.now() - begin
  const stop = () => all.map((one) => (one instanceof Worker ? one.terminate() : one.kill()))
  return { ms, stop }
}

/** @type {(() => unknown) | undefined} */
let stop
answer(
  {
    async start() {
      const started = await (who === 'ours' ? ours() : bare())
      stop = started.stop
      return started.ms
    },
  },
  () => stop?.(),
)
