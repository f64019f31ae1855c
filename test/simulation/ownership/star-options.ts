/** Options of the managers of a virtual bot, through the real check of options. */
import type {
  MachinesShardingOptions,
  ShardingMachineOptions,
} from '../../../src/options/machines-options.js'
import type { ShardingManagerOptions } from '../../../src/options/options.js'
import { processEnvironment } from '../../../src/options/options-environment.js'
import { resolveOptions } from '../../../src/options/resolve-options.js'
import type { ResolvedChild, ResolvedParent } from '../../../src/options/resolved-options.js'
import { botFile } from '../../support/launched-bot.js'
import type { LinkTimes } from './virtual-handshake.js'
import type { World } from './virtual-world.js'

export interface StarShape {
  readonly machines: readonly { readonly name: string; readonly shards: readonly number[] }[]
  /** Machines that have no shards of their own. */
  readonly spares: readonly string[]
  readonly shardsPerInstance: number
  readonly totalShards: number
  readonly onMachineLost: 'hold' | 'reassign'
  readonly leaseMs: number
  readonly killTimeoutMs: number
  readonly startConcurrency: number
  readonly startTimeoutMs: number
  readonly callTimeoutMs: number
  readonly times: LinkTimes
}

/** A small bot with numbers that a seed decides about. */
export function randomShape(
  world: World,
  policies: readonly StarShape['onMachineLost'][],
): StarShape {
  const shardsPerInstance = 1 + world.pick(2)
  let totalShards = 0
  const machines = Array.from({ length: 1 + world.pick(4) }, (_, index) => {
    const count = shardsPerInstance * (1 + world.pick(3))
    const shards = Array.from({ length: count }, () => totalShards++)
    return { name: `m${index}`, shards }
  })
  const heartbeatMs = 3_000 + 1_000 * world.pick(4)
  return {
    machines,
    spares: world.chance(0.6) ? ['spare'] : [],
    shardsPerInstance,
    totalShards,
    onMachineLost: policies[world.pick(policies.length)] ?? 'hold',
    leaseMs: world.chance(0.03) ? 120_000 : 2_000 + 1_000 * world.pick(30),
    killTimeoutMs: 500 + 500 * world.pick(8),
    startConcurrency: 1 + world.pick(4),
    startTimeoutMs: 8_000,
    callTimeoutMs: 500 + 500 * world.pick(10),
    times: {
      heartbeatMs,
      silenceMs: heartbeatMs * (2 + world.pick(3)),
      resumeWindowMs: 5_000 + 5_000 * world.pick(12),
    },
  }
}

const childMachines = {
  me: 'child',
  ipc: { networkHost: 'localhost', networkPort: 0 },
} as const satisfies MachinesShardingOptions

const respawn = { delayMs: 200, delayMsMax: 5_000, attemptsMax: 4, identifiesPerDayMax: 1_000_000 }

let usual: ResolvedChild | undefined

/** The same for all children: what differs is told by the parent. */
export function childOptions(): ResolvedChild {
  usual ??= resolved({
    file: botFile('native.js'),
    machines: childMachines,
    respawn,
    dialect: 'native',
    output: 'ignore',
  }) as ResolvedChild
  return usual
}

/** What an operator writes about one machine. */
export function pointOf(
  { killTimeoutMs, startConcurrency, startTimeoutMs, shardsPerInstance }: StarShape,
  { name, shards }: { readonly name: string; readonly shards: readonly number[] },
): ShardingMachineOptions {
  const times = { killTimeoutMs, startConcurrency, startTimeoutMs }
  const child = {
    mode: 'processes',
    shards,
    shardsPerInstance,
    respawn,
    dialect: 'native',
  } as const
  return { host: name, name, childManagerOptions: { ...child, ...times } }
}

export function parentOptions(shape: StarShape, spares: Iterable<string>): ResolvedParent {
  const { machines, onMachineLost, leaseMs, callTimeoutMs } = shape
  const all = [...machines, ...[...spares].map((name) => ({ name, shards: [] }))]
  const points = all.map((machine) => pointOf(shape, machine))
  const lease = onMachineLost === 'reassign' ? { leaseMs } : {}
  const parent = { me: 'parent', points, onMachineLost, ...lease } as const
  return resolved({ callTimeoutMs, machines: parent }) as ResolvedParent
}

function resolved(options: Partial<ShardingManagerOptions>) {
  return resolveOptions({ mode: 'machines', ...options }, processEnvironment())
}
