/** Managers of a star on loopback, as benches start them in processes of their own; TLS is on. */
import { fileURLToPath } from 'node:url'
import { fromDist } from './dist.js'

const { ShardingManager } = await fromDist('index.js')

async function started(options) {
  const manager = new ShardingManager({ signals: 'ignore', mode: 'machines', ...options })
  manager.on('warning', () => {})
  await manager.start()
  return manager
}

/** One machine, which stands by until a parent comes. @param {URL} bot @param {string} stateDir */
export const startChild = (bot, stateDir) =>
  started({
    file: fileURLToPath(bot),
    output: 'ignore',
    machines: { me: 'child', ipc: { networkHost: '127.0.0.1', networkPort: 0 }, stateDir },
  })

/**
 * The parent of machines that listen already.
 *
 * @param {object} star
 * @param {string} star.stateDir
 * @param {readonly number[]} star.ports of the machines
 * @param {number} star.perMachine instances, of one shard each
 * @param {'processes' | 'workers'} [star.mode]
 */
export const startParent = ({ stateDir, ports, perMachine, mode = 'processes' }) =>
  started({
    machines: {
      me: 'parent',
      stateDir,
      points: ports.map((port, index) => ({
        host: '127.0.0.1',
        port,
        childManagerOptions: {
          mode,
          shards: { from: index * perMachine, to: (index + 1) * perMachine - 1 },
          shardsPerInstance: 1,
        },
      })),
    },
  })
