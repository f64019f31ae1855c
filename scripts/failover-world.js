/** A parent, three machines and a Discord for scripts/failover.js: real processes with default options. */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FakeDiscord } from 'discordoo-machines/testing'
import { BreakableLink } from './breakable-link.js'

const machines = [0, 1, 2]
const shardsPerMachine = 4
const totalShards = machines.length * shardsPerMachine

const fixture = (name) => fileURLToPath(new URL(`../test/fixtures/${name}`, import.meta.url))

/** Not one of those that the system gives to connections: it would be gone before it is used. */
async function freePort() {
  for (;;) {
    const port = randomInt(15_000, 32_768)
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}

const childrenOf = (pid) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

function signal(pid, name) {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

export class FailoverWorld {
  #folder = mkdtempSync(join(tmpdir(), 'discordoo-machines-failover-'))
  #ports = []
  #children = []
  #managers = []
  #bots = new Set()

  /** Resolves when every shard has its session. `leaseMs`: undefined is `hold`. */
  static async start(leaseMs) {
    const world = new FailoverWorld()
    world.leaseMs = leaseMs
    const pace = { maxConcurrency: totalShards, identifyIntervalMs: 0 }
    world.discord = await FakeDiscord.start({ totalShards, guildsPerShard: 1, ...pace })
    for (const index of machines) world.#ports[index] = await freePort()
    await Promise.all(machines.map((index) => world.startChild(index)))
    world.link = await BreakableLink.to(world.#ports[0])
    await world.startParent()
    await world.discord.until(() => world.held.length === totalShards)
    return world
  }

  /** Sessions that have a connection. */
  get held() {
    return this.discord.sessions
      .filter(({ connected }) => connected)
      .map(({ shard, sessionId, presence }) => {
        const [machine, pid] = presence.activities[0].name.split(' ')
        this.#bots.add(Number(pid))
        return { shard, id: sessionId, machine, pid: Number(pid) }
      })
  }

  botsOn(machine) {
    const found = this.held.filter((one) => one.machine === machine)
    return [...new Set(found.map(({ pid }) => pid))]
  }

  async startChild(index) {
    const ipc = { networkHost: '127.0.0.1', networkPort: this.#ports[index] }
    const stateDir = join(this.#folder, `child-${index}`)
    this.#children[index] = await this.#run('star-child', 'listening', {
      file: fixture('bots/session.js'),
      output: 'ignore',
      machines: { me: 'child', ipc, stateDir },
    })
  }

  async startParent() {
    const points = machines.map((index) => {
      const from = index * shardsPerMachine
      const shards = { from, to: from + shardsPerMachine - 1 }
      const childManagerOptions = { mode: 'processes', shards, shardsPerInstance: 2 }
      // The first machine is reached over the link that may be down.
      const port = index === 0 ? this.link.port : this.#ports[index]
      return { host: '127.0.0.1', port, name: `m${index}`, childManagerOptions }
    })
    const { leaseMs } = this
    const terms = leaseMs === undefined ? {} : { onMachineLost: 'reassign', leaseMs }
    const stateDir = join(this.#folder, 'parent')
    const options = { machines: { me: 'parent', points, stateDir, ...terms } }
    this.parent = await this.#run('star-parent', 'started', options)
  }

  killParent() {
    return this.#kill(this.parent)
  }

  killChild(index) {
    return this.#kill(this.#children[index])
  }

  stopChild(index) {
    signal(this.#children[index].pid, 'SIGSTOP')
  }

  /** Its bots are dead, and whoever talks to it hears nothing, not even that nobody listens. */
  cutPower(index) {
    const { pid } = this.#children[index]
    const bots = this.botsOn(`m${index}`)
    signal(pid, 'SIGSTOP')
    for (const one of childrenOf(pid)) signal(one, bots.includes(one) ? 'SIGKILL' : 'SIGSTOP')
  }

  /** Begins to watch the shards, at the moment before something fails. */
  watch() {
    const before = this.held
    const known = new Set(before.map(({ id }) => id))
    const startedAt = performance.now()
    const lostAt = new Map()
    let darkMs = 0
    let wholeMs = 0
    const look = () => {
      const now = performance.now()
      const lit = new Set(this.held.map(({ shard }) => shard))
      const wasWhole = lostAt.size === 0
      for (const { shard } of before) {
        if (!lit.has(shard)) lostAt.set(shard, lostAt.get(shard) ?? now)
        else if (lostAt.has(shard)) {
          darkMs = Math.max(darkMs, now - lostAt.get(shard))
          lostAt.delete(shard)
        }
      }
      if (!wasWhole && lostAt.size === 0) wholeMs = now - startedAt
      return false
    }
    // It ends with the world.
    this.discord.until(look).catch(() => {})
    const begunAnew = () => this.held.filter(({ id }) => !known.has(id)).length
    return {
      /** Resolves when so many shards have another session, and all have one. */
      renewed: (count) =>
        this.discord.until(() => this.held.length === totalShards && begunAnew() >= count),
      result: () => ({
        wholeMs,
        darkMs,
        begunAnew: begunAnew(),
        duplicates: this.discord.stats.refusals['second-session'] ?? 0,
      }),
    }
  }

  async end() {
    await Promise.all(this.#managers.map((manager) => this.#kill(manager)))
    this.link.close()
    for (const pid of this.#bots) signal(pid, 'SIGKILL')
    await this.discord.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #run(file, word, options) {
    const path = fixture(`managers/${file}.js`)
    const child = spawn(process.execPath, [path, JSON.stringify(options)], {
      cwd: this.#folder,
      env: {
        ...process.env,
        GATEWAY: `${this.discord.gatewayUrl}/?v=10&encoding=json`,
        DISCORDOO_MACHINES_SECRET: 'a secret of this run alone',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#managers.push(child)
    let output = ''
    for await (const text of child.stdout
      .setEncoding('utf8')
      .iterator({ destroyOnReturn: false })) {
      output += text
      if (!output.includes(`{"${word}"`)) continue
      // What it says later is of no interest, but must not fill the pipe.
      child.stdout.resume()
      return child
    }
    throw new Error(`${file} has ended; it said:\n${output}`)
  }

  async #kill(manager) {
    if (manager.exitCode !== null || manager.signalCode !== null) return
    const exited = once(manager, 'exit')
    manager.kill('SIGKILL')
    await exited
  }
}
