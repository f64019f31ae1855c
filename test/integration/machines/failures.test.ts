/** What happens when a manager, an instance or the parent is killed with kill -9. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.js'
import { freePort } from '../../support/free-port.js'
import { type ManagerProcess, Project } from '../../support/manager-process.js'
import { isRunning } from '../../support/processes.js'
import { nativeBot } from '../../support/testbed.js'

let project: Project
let ports: [number, number]
beforeEach(async () => {
  project = await Project.create()
  ports = [await freePort(), await freePort()]
})
afterEach(() => project.remove())

function child(port: number): string {
  return `
import { ShardingManager } from 'discordoo-machines'
const manager = new ShardingManager({
  mode: 'machines', file: ${JSON.stringify(nativeBot)}, output: 'ignore',
  machines: { me: 'child', ipc: { networkHost: '127.0.0.1', networkPort: ${port} } },
})
await manager.start()
console.log('listening')`
}

const respawn = { delayMs: 100, delayMsMax: 200, attemptsMax: 5, healthyMs: 60_000 }

/** Two machines of two instances each; prints what happens as JSON lines. */
function parent(): string {
  const points = ports.map((port, index) => ({
    host: '127.0.0.1',
    port,
    childManagerOptions: {
      mode: 'processes',
      shards: { from: index * 2, to: index * 2 + 1 },
      respawn,
    },
  }))
  return `
import { ShardingManager } from 'discordoo-machines'
const manager = new ShardingManager({
  mode: 'machines', machines: { me: 'parent', points: ${JSON.stringify(points)} },
})
const say = (what) => console.log(JSON.stringify(what))
manager.on('machine', ({ index, phase }) => say({ machine: index, phase }))
manager.on('instanceExit', ({ id }) => say({ exit: id }))
manager.on('instanceReady', ({ id }) => say({ ready: id }))
await manager.start()
process.on('message', () => {})
const ask = async () => {
  const outcomes = await manager.evalSettled(({ pid }) => pid, { timeoutMs: 5000 })
  say({ pids: outcomes.map((o) => o.status === 'ok' ? o.value : o.status) })
}
await ask()
process.on('SIGUSR2', ask)`
}

type Answers = (number | string)[]

async function answersOf(running: ManagerProcess, ask = true): Promise<Answers> {
  const before = running.output.length
  if (ask) running.child.kill('SIGUSR2')
  const [, json] = await running.waitUntil(
    (output) => output.slice(ask ? before : 0).match(/\{"pids":(\[.*\])\}/) ?? undefined,
    'answers of all instances',
  )
  return JSON.parse(json ?? '[]')
}

async function startAll(): Promise<{ children: ManagerProcess[]; top: ManagerProcess }> {
  const children: ManagerProcess[] = []
  for (const [index, port] of ports.entries()) {
    await project.write(`child-${index}.mjs`, child(port))
    const started = await project.run(`child-${index}.mjs`, `machine-${index}`)
    await started.waitFor(/listening/)
    children.push(started)
  }
  await project.write('parent.mjs', parent())
  return { children, top: await project.run('parent.mjs', 'parent') }
}

function pidsOf(answers: Answers, from: number, to: number): number[] {
  return answers.slice(from, to).map(Number)
}

describe('kill -9', () => {
  it('of a child manager: its instances are gone in 5 s, the rest goes on and says so', async () => {
    const { children, top } = await startAll()
    const pids = await answersOf(top, false)
    const killedAt = performance.now()
    await children[0]?.kill('SIGKILL')
    await eventually(() => !pidsOf(pids, 0, 2).some(isRunning) || undefined, 'the end of its bots')
    expect(performance.now() - killedAt).toBeLessThan(5_000)

    await top.waitFor(/\{"machine":0,"phase":"lost"\}/)
    await eventually(async () => {
      const now = await answersOf(top)
      return now[0] === 'offline' && now[1] === 'offline' ? now : undefined
    }, 'the loss to be known').then((now) => expect(now.slice(2)).toEqual(pids.slice(2)))

    const back = await project.run('child-0.mjs', 'machine-0')
    await back.waitFor(/listening/)
    await top.waitFor(/"machine":0,"phase":"lost".*"machine":0,"phase":"ready"/s)
    const healed = await answersOf(top)
    expect(pidsOf(healed, 0, 2).every(isRunning)).toBe(true)
    expect(healed.slice(2)).toEqual(pids.slice(2))
  })

  it('of an instance: it comes back', async () => {
    const { top } = await startAll()
    const pids = await answersOf(top, false)
    process.kill(Number(pids[2]), 'SIGKILL')
    await top.waitFor(/\{"exit":2\}.*\{"ready":2\}/s)
    const now = await answersOf(top)
    expect(now[2]).toBeTypeOf('number')
    expect(now[2]).not.toBe(pids[2])
    expect([now[0], now[1], now[3]]).toEqual([pids[0], pids[1], pids[3]])
  })

  it('of the parent: bots go on, and a parent started again takes them back', async () => {
    const { top } = await startAll()
    const pids = await answersOf(top, false)
    await top.kill('SIGKILL')
    expect(pids.map(Number).every(isRunning)).toBe(true)
    const again = await project.run('parent.mjs', 'parent')
    expect(await answersOf(again, false)).toEqual(pids)
    expect(await again.kill('SIGINT')).toBe(0)
    expect(pids.map(Number).filter(isRunning)).toEqual([])
  })
})

describe('Ctrl-C', () => {
  it('on the parent ends the bots everywhere; on a child it ends the child', async () => {
    const { children, top } = await startAll()
    const pids = (await answersOf(top, false)).map(Number)
    expect(await children[1]?.kill('SIGINT')).toBe(0)
    await top.waitFor(/\{"machine":1,"phase":"stopped"\}/)
    expect(pids.map(isRunning)).toEqual([true, true, false, false])
    expect(await top.kill('SIGTERM')).toBe(0)
    expect(pids.filter(isRunning)).toEqual([])
    expect(await children[0]?.kill('SIGINT')).toBe(0)
  })
})
