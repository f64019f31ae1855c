// The whole guide on one computer: a parent (this process) and two children (two more), 256 shards,
// one machine on IPv4 with processes, one on IPv6 with workers, mutual TLS between them.
//
//   npm run demo              starts, asks every instance, stops
//   npm run demo -- --keep    stays until Ctrl-C
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ChildShardingModes, ShardingManager, ShardingManagerModes } from 'discordoo-machines'
import { makeCertificates } from './certificates.js'
import { machineTable, outcomeTable, showProgress } from './view.js'

const servers = [
  {
    name: 'first',
    host: '127.0.0.1',
    mode: ChildShardingModes.PROCESSES,
    shards: { from: 0, to: 127 },
  },
  { name: 'second', host: '::1', mode: ChildShardingModes.WORKERS, shards: { from: 128, to: 255 } },
]
const shardsPerInstance = 32
const keep = process.argv.includes('--keep')

// On Ctrl-C the manager stops everything. Because of this listener it leaves the end of the process
// to us, so that what follows stop() is still done: the last line, and the removal of the keys.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

const certificates = await makeCertificates(['parent', ...servers.map(({ name }) => name)])
try {
  const children = await Promise.all(servers.map(startChild))
  const manager = new ShardingManager(parentOptions(children))
  try {
    await run(manager)
  } finally {
    await manager.stop()
    await Promise.all(children.map(({ exited }) => exited))
  }
} catch (error) {
  console.error(`demo: ${error.message}`)
  process.exitCode = 1
} finally {
  await certificates.remove()
}

async function run(manager) {
  const planned = servers.reduce((sum, { shards }) => sum + shards.to - shards.from + 1, 0)
  showProgress(manager, planned / shardsPerInstance)
  await manager.start()

  console.log(machineTable([...manager.machines.values()]))
  const outcomes = await manager.evalSettled(({ client }) => client.guilds)
  console.log(outcomeTable(outcomes))
  await greet(manager)

  if (keep) {
    console.log('running; Ctrl-C ends it')
    await once(manager, 'stop')
  }
  const answered = outcomes.filter(({ status }) => status === 'ok').length
  const { instances, shards, machines } = manager
  await manager.stop()
  console.log(
    `demo: ${shards.size} shards, ${instances.size} instances, ${machines.size} machines, ` +
      `${answered}/${outcomes.length} answered`,
  )
}

// From an instance of one machine to an instance of the other, without asking the managers.
async function greet(manager) {
  const [from, to] = [manager.instances.first(), manager.instances.last()]
  await from.eval(({ bot, target }) => bot.send(`hello from ${bot.machine}`, { to: target }), {
    context: { target: to.id },
  })
  const [greetings] = await to.eval(({ client }) => client.greetings)
  for (const { message, from: sender } of greetings) {
    console.log(`instance ${to.id} on ${to.machine} got "${message}" from instance ${sender}`)
  }
}

function parentOptions(children) {
  return {
    mode: ShardingManagerModes.MACHINES,
    machines: {
      me: 'parent',
      stateDir: join(certificates.folder, 'parent'),
      points: servers.map(({ name, host, mode, shards }, index) => ({
        host,
        port: children[index].port,
        childManagerOptions: { mode, shards, shardsPerInstance },
        tls: {
          ...certificates.paths.parent,
          rejectUnauthorized: true,
          trustedConnections: [certificates.paths[name].public],
        },
      })),
    },
  }
}

async function startChild({ name, host }) {
  const settings = {
    host,
    stateDir: join(certificates.folder, `${name}-state`),
    tls: {
      ...certificates.paths[name],
      requestCert: true,
      rejectUnauthorized: true,
      trustedConnections: [certificates.paths.parent.public],
    },
  }
  const child = fork(new URL('./child.js', import.meta.url), [JSON.stringify(settings)])
  const exited = once(child, 'exit')
  const [{ port }] = await Promise.race([
    once(child, 'message'),
    exited.then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`))),
  ])
  return { port, exited }
}
