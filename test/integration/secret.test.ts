/** The secret of the managers stays with them: no bot, event, error, warning or log line has it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.js'
import { botFile } from '../support/launched-bot.js'
import { Project } from '../support/manager-process.js'

const secret = 'marzipan-and-thunder-2021'
const wrongSecret = 'licorice-and-drizzle-1977'

/**
 * Three children (a mode each), their parent, and a parent with another secret that is refused by
 * the first; every event, error and warning is printed in full, and so are the managers.
 */
const managers = `
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { ShardingManager } from 'discordoo-machines'

const [file, wrongSecret, ...ports] = process.argv.slice(2)
const modes = ['processes', 'workers', 'clusters']
const show = (what) => console.log(inspect(what, { depth: 8, showHidden: true }))
process.on('warning', show)

function make(name, options) {
  const manager = new ShardingManager({ mode: 'machines', signals: 'ignore', ...options })
  const emit = manager.emit
  manager.emit = (event, ...args) => {
    show([name, event, args])
    return emit.call(manager, event, ...args)
  }
  return manager
}
function child(port) {
  const ipc = { networkHost: '127.0.0.1', networkPort: Number(port) }
  return make('child', { file, machines: { me: 'child', ipc, stateDir: 'state-' + port } })
}
function parent(points, more) {
  const machines = { me: 'parent', points, stateDir: 'state-parent', ...more }
  return make('parent', { machines })
}
const points = ports.map((port, index) => (
  { host: '127.0.0.1', port: Number(port), shards: [index], childManagerOptions: { mode: modes[index] } }
))

const children = ports.map(child)
for (const manager of children) await manager.start()

const [first] = points
const stranger = parent([first], { secret: wrongSecret, stateDir: 'state-stranger' })
await stranger.start().then(() => show('the stranger was let in'), show)
await stranger.stop()
show(stranger)

const right = parent(points)
await right.start()
const facts = await right.eval(({ facts }) => facts)
console.log('facts', JSON.stringify(facts))
const initial = (pid) => readFileSync('/proc/' + pid + '/environ', 'utf8')
if (process.platform === 'linux') {
  const statuses = [...right.machines.values()].flatMap(({ instances }) => instances)
  const pids = statuses.map(({ pid }) => pid)
  console.log('initial', JSON.stringify(pids.filter((pid) => pid > 0).map(initial)))
}
await right.requestSettled('nothing').then(show)
show(right)
await right.stop()
for (const manager of children) await manager.stop()
console.log('the end')
`

let project: Project

beforeEach(async () => {
  project = await Project.create()
})
afterEach(() => project.remove())

describe('the secret', () => {
  it('is nowhere to be seen, be it given by a variable or by an option', async () => {
    await project.write('managers.mjs', managers)
    const ports = [await freePort(), await freePort(), await freePort()].map(String)
    const args = [botFile('facts.js'), wrongSecret, ...ports]
    const env = { DISCORDOO_MACHINES_SECRET: secret, DEBUG: 'discordoo:*' }
    const running = await project.run('managers.mjs', '.', args, env)
    const exitCode = await running.exited
    const { output } = running
    expect(exitCode, output.slice(-2_000)).toBe(0)
    expect(output).toContain('discordoo:machines:link')
    expect(output).toMatch(/'DM_IDENTITY_REFUSED'/)
    expect(output).not.toContain('the stranger was let in')
    // Each bot has told its whole environment.
    expect(output.match(/DISCORDOO_MACHINES_INSTANCE.{1,9}:/g)).toHaveLength(3)
    expect(output).toContain('the end')
    for (const word of [secret, wrongSecret]) {
      const bytes = Buffer.from(word)
      const forms = [word, bytes.toString('base64'), bytes.toString('hex')]
      // Not `expect(output)`: a failure would print all of it.
      expect(forms.filter((form) => output.includes(form))).toEqual([])
    }
  })
})
