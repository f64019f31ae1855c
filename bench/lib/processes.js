/** Processes of a bench: each is asked over Node's own channel, which no measured byte goes through. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Far beyond any measure: a contender that hangs is named instead of waited for. */
const answerTimeoutMs = 30_000

/** Where a process finds its end of the pipe that it was started with; 3 is Node's own channel. */
export const pipeFd = 4

/**
 * @typedef {object} BenchProcess
 * @property {number} pid
 * @property {(op: string, data?: unknown) => Promise<any>} ask rejects with what went wrong there
 * @property {any} pipe a socket whose other end the process has, if that was asked for
 * @property {() => Promise<void>} stop resolves when it has exited
 */

/**
 * Starts a file that calls `answer()`.
 *
 * @param {URL} file
 * @param {object} [options]
 * @param {string[]} [options.args]
 * @param {string[]} [options.execArgv]
 * @param {Record<string, string>} [options.env]
 * @param {readonly string[]} [options.under] command to run it under, as `ip netns exec name`
 * @param {boolean} [options.pipe] a pipe for measured bytes
 * @returns {Promise<BenchProcess>}
 */
export async function startProcess(file, options = {}) {
  const { args = [], execArgv = [], env = {}, under = [], pipe = false } = options
  const [command, ...words] = [
    ...under,
    process.execPath,
    ...execArgv,
    fileURLToPath(file),
    ...args,
  ]
  const child = spawn(command, words, {
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
    stdio: [
      'ignore',
      process.env.BENCH_TRACE ? 'inherit' : 'ignore',
      'inherit',
      'ipc',
      ...(pipe ? ['pipe'] : []),
    ],
    serialization: 'advanced',
  })
  const exited = once(child, 'exit')
  const waiting = new Map()
  let nextId = 0
  child.on('message', ({ id, value, error }) => {
    const { resolve, reject } = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) resolve(value)
    else reject(new Error(error))
  })
  void exited.then(([code, signal]) => {
    const reason = new Error(`${fileURLToPath(file)} exited with ${code ?? signal}`)
    for (const { reject } of waiting.values()) reject(reason)
    waiting.clear()
  })
  const ask = (op, data) =>
    new Promise((resolve, reject) => {
      const id = nextId++
      const late = () =>
        reject(new Error(`${fileURLToPath(file)} ${args.join(' ')}: no answer to ${op}`))
      const timer = setTimeout(late, answerTimeoutMs)
      const settled = (settle) => (result) => {
        clearTimeout(timer)
        settle(result)
      }
      waiting.set(id, { resolve: settled(resolve), reject: settled(reject) })
      if (child.connected) child.send({ id, op, data })
      else reject(new Error(`${fileURLToPath(file)} is gone`))
    })
  const stop = async () => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
    if (child.connected) child.disconnect()
    await exited
    clearTimeout(timer)
  }
  try {
    await ask('ready')
  } catch (error) {
    await stop()
    throw error
  }
  return { pid: child.pid ?? 0, ask, pipe: child.stdio[pipeFd], stop }
}

/**
 * The other side: answers what it is asked until the bench hangs up, then exits. Each of them tells how
 * much memory it keeps (`kept`, bytes).
 *
 * @param {Record<string, (data: any) => unknown>} handlers by `op`
 * @param {() => unknown} [end] what to undo before the exit
 */
export function answer(handlers, end = () => {}) {
  const known = { ready: () => true, kept, ...handlers }
  const reply = async ({ id, op, data }) => {
    try {
      process.send?.({ id, value: await known[op](data) })
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? '') : String(error) })
    }
  }
  const leave = async () => {
    await Promise.race([end(), new Promise((resolve) => setTimeout(resolve, 2_000))])
    process.exit(0)
  }
  process.on('message', (message) => void reply(message))
  process.on('disconnect', () => void leave())
}

/** Loaded when it is asked for: nothing that is measured should have it about. */
async function kept() {
  const { keptBytes } = await import('./health.js')
  return keptBytes()
}
