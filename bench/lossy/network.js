/** Two hosts with a long and bad line between them: network namespaces, and `relay.js` in between. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { accessSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startProcess } from '../lib/processes.js'

const openTun = fileURLToPath(new URL('open-tun.py', import.meta.url))

const device = 'line'
/** Far from what Node and its channel to the bench have open. */
const fds = ['20', '21']
const addresses = { left: '10.83.80.1', right: '10.83.80.2' }

/** @param {...string} words */
const ip = (...words) => execFileSync('ip', words, { stdio: 'pipe' })

/** Ahead of what else the machine does, which would be measured otherwise; in turns among equals. */
const realTime = ['chrt', '--rr', '1']

/** @param {string} host */
const on = (host) => ['ip', 'netns', 'exec', host]

/** @param {string} host @param {string} fd */
const withTun = (host, fd) => [...on(host), 'python3', openTun, device, fd]

const interrupted = () => process.exit(1)

/** Two namespaces, until they are removed or the bench ends, however it does. */
function makeHosts() {
  const tag = randomBytes(3).toString('hex')
  const left = `bench${tag}l`
  const right = `bench${tag}r`
  const made = []
  const remove = () => {
    process.off('exit', remove).off('SIGINT', interrupted).off('SIGTERM', interrupted)
    for (const host of made.splice(0)) ip('netns', 'del', host)
  }
  process.on('exit', remove).on('SIGINT', interrupted).on('SIGTERM', interrupted)
  for (const host of [left, right]) {
    ip('netns', 'add', host)
    made.push(host)
  }
  return { left, right, remove }
}

/** Why there can be no such line here, or undefined when there can. */
export function whyNoLine() {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux'
  if (process.getuid?.() !== 0) return 'it needs root, for network namespaces'
  try {
    accessSync('/dev/net/tun')
    const { left, remove } = makeHosts()
    try {
      const [command, ...words] = [...realTime, ...withTun(left, fds[0]), 'true']
      execFileSync(command, words, { stdio: 'pipe' })
    } finally {
      remove()
    }
    return undefined
  } catch (error) {
    return `it needs ip (iproute2), chrt (util-linux), python3 and /dev/net/tun: ${error.message}`
  }
}

/**
 * @param {object} line
 * @param {number} line.delayMs each way
 * @param {number} line.loss share of packets that get lost, each way
 */
export async function lossyNetwork({ delayMs, loss }) {
  const { left, right, remove } = makeHosts()
  try {
    const relay = await startProcess(new URL('relay.js', import.meta.url), {
      args: [...fds, String(delayMs), String(loss)],
      under: [...realTime, ...withTun(left, fds[0]), ...withTun(right, fds[1])],
    })
    connect(left, addresses.left, addresses.right)
    connect(right, addresses.right, addresses.left)
    return {
      left: { under: [...realTime, ...on(left)], address: addresses.left },
      right: { under: [...realTime, ...on(right)], address: addresses.right },
      async stop() {
        await relay.stop()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

/** @param {string} host @param {string} own @param {string} peer addresses */
function connect(host, own, peer) {
  ip('-n', host, 'addr', 'add', own, 'peer', peer, 'dev', device)
  ip('-n', host, 'link', 'set', device, 'up')
}
