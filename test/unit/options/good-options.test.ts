import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { linkPresets } from '../../../src/options/link-presets.js'
import type { ShardingManagerOptions } from '../../../src/options/options.js'
import { resolveOptions } from '../../../src/options/resolve-options.js'
import type {
  ResolvedChild,
  ResolvedLocal,
  ResolvedParent,
} from '../../../src/options/resolved-options.js'
import {
  ChildShardingModes,
  PartialShardingModes,
  ShardingManagerModes,
  ShardingModes,
} from '../../../src/options/sharding-modes.js'
import { child, cwd, environment, local, parent, point } from './fixtures.js'

function asLocal(input: unknown): ResolvedLocal {
  const resolved = resolveOptions(input, environment())
  if (resolved.kind !== 'local') throw new Error(`resolved as ${resolved.kind}`)
  return resolved
}

function asParent(input: unknown): ResolvedParent {
  const resolved = resolveOptions(input, environment())
  if (resolved.kind !== 'parent') throw new Error(`resolved as ${resolved.kind}`)
  return resolved
}

function asChild(input: unknown, env: Record<string, string> = {}): ResolvedChild {
  const resolved = resolveOptions(input, environment({ env }))
  if (resolved.kind !== 'child') throw new Error(`resolved as ${resolved.kind}`)
  return resolved
}

describe('the guide', () => {
  const options: ShardingManagerOptions = {
    mode: ShardingManagerModes.MACHINES,
    machines: {
      me: 'parent',
      points: [
        {
          port: 8379,
          host: '10.0.18.1',
          udp: 'udp4',
          childManagerOptions: {
            mode: ChildShardingModes.PROCESSES,
            shards: { from: 0, to: 127 },
          },
          tls: {
            public: './tls/a.pub',
            private: './tls/a.key',
            rejectUnauthorized: true,
            trustedConnections: ['./tls/b.pub'],
          },
        },
        {
          host: 'FE80::0202:B3FF:FE1E:8329',
          childManagerOptions: {
            mode: ChildShardingModes.WORKERS,
            shards: { from: 128, to: 255 },
          },
        },
      ],
    },
  }

  it('makes a parent of 256 shards', () => {
    const resolved = asParent(options)
    expect(resolved.totalShards).toBe(256)
    expect(
      resolved.points.map(({ name, shards, child: pushed }) => [name, shards.length, pushed.mode]),
    ).toEqual([
      ['10.0.18.1:8379', 128, 'processes'],
      ['[FE80::0202:B3FF:FE1E:8329]:8379', 128, 'workers'],
    ])
    expect(resolved.points[0]?.tls).toEqual({
      public: resolve(cwd, 'tls/a.pub'),
      private: resolve(cwd, 'tls/a.key'),
      dhparam: undefined,
      requestCert: undefined,
      rejectUnauthorized: true,
      trustedConnections: [resolve(cwd, 'tls/b.pub')],
    })
    expect(resolved).toMatchObject({ dialTimeoutMs: 0, link: linkPresets.lan })
  })

  it('reaches its first machine over UDP, and the other over TCP', () => {
    expect(asParent(options).points.map(({ udp }) => udp)).toEqual(['udp4', undefined])
  })

  it('makes a child that listens on its own address', () => {
    const own: ShardingManagerOptions = {
      file: './bot.js',
      mode: ShardingManagerModes.MACHINES,
      machines: { me: 'child', ipc: { networkHost: '10.0.18.1' } },
    }
    const resolved = asChild(own)
    expect(resolved).toMatchObject({
      host: '10.0.18.1',
      port: 8379,
      takeover: 'never',
      whenParentStops: 'standby',
    })
    expect(resolved.accept).toEqual({
      file: false,
      execArgv: false,
      cwd: false,
      env: true,
      eval: true,
    })
    expect(resolved.tls).toMatchObject({ public: undefined, rejectUnauthorized: false })
    expect(resolved.trust).toEqual({
      secret: undefined,
      trustedKeys: [],
      stateDir: resolve(cwd, '.discordoo-machines'),
    })
  })

  it('is followed with the spellings of discordoo, too', () => {
    const spelled: ShardingManagerOptions = {
      mode: ShardingModes.Machines,
      machines: {
        me: 'parent',
        points: [
          {
            host: 'localhost',
            shards: 2,
            childManagerOptions: { mode: PartialShardingModes.Clusters, file: './b.js', shards: 2 },
          },
        ],
      },
    }
    expect(asParent(spelled).points[0]?.child).toEqual({ mode: 'clusters', file: './b.js' })
  })
})

describe('a local manager', () => {
  it('gets every default', () => {
    expect(asLocal(local())).toEqual({
      kind: 'local',
      run: {
        mode: 'processes',
        file: resolve(cwd, 'bot.js'),
        env: {},
        forkOptions: {},
        spawnOptions: {},
        startTimeoutMs: undefined,
        startConcurrency: 4,
        killTimeoutMs: 5_000,
        respawn: {
          enabled: true,
          delayMs: 1_000,
          delayMsMax: 60_000,
          attemptsMax: 5,
          healthyMs: 60_000,
        },
        output: 'prefix',
        dialect: 'auto',
      },
      shards: [0, 1, 2, 3],
      shardsPerInstance: 1,
      totalShards: 4,
      signals: 'stop',
      callTimeoutMs: 30_000,
    })
  })

  it.each([
    ['a number', 3, [0, 1, 2]],
    ['a numeric string', '3', [0, 1, 2]],
    ['an array', [7, 2], [7, 2]],
    ['a range', { from: 2, to: 4 }, [2, 3, 4]],
  ])('takes shards as %s', (_, shards, list) => {
    const resolved = asLocal(local({ shards }))
    expect(resolved.shards).toEqual(list)
    expect(resolved.totalShards).toBe(Math.max(...list) + 1)
  })

  it('uses the block of its own mode alone', () => {
    const blocks = {
      processes: { env: { A: '1' }, forkOptions: { execArgv: ['--inspect'], cwd: 'dist' } },
      workers: { env: { A: '2' }, spawnOptions: { workerData: { deep: [1] } } },
      clusters: { env: { A: '3', B: undefined } },
    }
    expect(asLocal(local(blocks)).run).toMatchObject({
      env: { A: '1' },
      forkOptions: { execArgv: ['--inspect'], cwd: resolve(cwd, 'dist') },
      spawnOptions: {},
    })
    expect(asLocal(local({ ...blocks, mode: 'workers' })).run).toMatchObject({
      env: { A: '2' },
      forkOptions: {},
      spawnOptions: { workerData: { deep: [1] } },
    })
    expect(asLocal(local({ ...blocks, mode: 'clusters' })).run.env).toEqual({ A: '3' })
  })

  it('takes file as a file: URL', () => {
    const url = pathToFileURL(resolve(cwd, 'bot.js'))
    expect(asLocal(local({ file: url })).run.file).toBe(resolve(cwd, 'bot.js'))
    expect(asLocal(local({ file: url.href })).run.file).toBe(resolve(cwd, 'bot.js'))
  })

  it.each([
    [true, { enabled: true, delayMs: 1_000 }],
    [false, { enabled: false }],
    [{ delayMs: 90_000 }, { enabled: true, delayMs: 90_000, delayMsMax: 90_000 }],
    [{ attemptsMax: 9 }, { enabled: true, attemptsMax: 9, delayMsMax: 60_000 }],
  ])('reads respawn %j', (respawn, expected) => {
    expect(asLocal(local({ respawn })).run.respawn).toMatchObject(expected)
  })

  it('takes an object without a prototype, and undefined as not given', () => {
    const bare = Object.assign(Object.create(null), local({ output: undefined, env: undefined }))
    delete bare.env
    expect(asLocal(bare).run.output).toBe('prefix')
  })
})

describe('a parent', () => {
  it.each([
    ['10.0.18.1', '10.0.18.1:8379'],
    ['::1', '[::1]:8379'],
    ['[::1]', '[::1]:8379'],
    ['fe80::1%eth0', '[fe80::1%eth0]:8379'],
    ['FE80::0202:B3FF:FE1E:8329', '[FE80::0202:B3FF:FE1E:8329]:8379'],
    ['localhost', 'localhost:8379'],
    ['Node-1.Example.org.', 'Node-1.Example.org.:8379'],
    ['bot_child_1', 'bot_child_1:8379'],
  ])('reaches a machine at %s', (host, name) => {
    expect(asParent(parent([point({ host })])).points[0]?.name).toBe(name)
  })

  it('takes shards in the point, in childManagerOptions, or the same in both', () => {
    const forms = [
      { shards: 2 },
      { childManagerOptions: { shards: { from: 0, to: 1 } } },
      { shards: 2, childManagerOptions: { shards: [0, 1] } },
    ]
    for (const form of forms) {
      const [one] = asParent(parent([{ host: '::1', ...form }])).points
      expect(one?.shards).toEqual([0, 1])
    }
  })

  it('leaves gaps where it is told to, and counts up to a larger total', () => {
    const resolved = asParent(
      parent([point({ shards: [5] })], { allowGaps: true }, { totalShards: 16 }),
    )
    expect(resolved.totalShards).toBe(16)
  })

  it('takes a spare, which has no shards of its own', () => {
    const forms = [{ shards: [] }, { childManagerOptions: { shards: [] } }]
    for (const form of forms) {
      const spare = { host: '::1', weight: 0.5, maxShards: 2, ...form }
      const { points, totalShards } = asParent(parent([point(), spare]))
      expect(totalShards).toBe(4)
      expect(points[1]).toMatchObject({ shards: [], weight: 0.5, maxShards: 2 })
    }
  })

  it('lets a machine take as many shards as it has, or any number', () => {
    const { points } = asParent(parent([point({ maxShards: 4 }), { host: '::1', shards: [4] }]))
    expect(points.map(({ maxShards }) => maxShards)).toEqual([4, undefined])
    expect(points.map(({ weight }) => weight)).toEqual([undefined, undefined])
  })

  it('holds the shards of lost machines, unless it is told to reassign them', () => {
    expect(asParent(parent([point()]))).toMatchObject({ onMachineLost: 'hold', leaseMs: 30_000 })
    const told = (machines: object) => asParent(parent([point()], machines))
    expect(told({ onMachineLost: 'reassign' }).leaseMs).toBe(30_000)
    expect(told({ onMachineLost: 'reassign', leaseMs: 2_000 })).toMatchObject({
      onMachineLost: 'reassign',
      leaseMs: 2_000,
    })
    expect(told({ onMachineLost: 'hold' }).onMachineLost).toBe('hold')
  })

  it('gives its own tls to points that have none', () => {
    const other = { host: '::1', shards: [4] }
    const resolved = asParent(
      parent([point({ tls: { trustedConnections: ['tls/a.pub'] } }), other], { tls: false }),
    )
    expect(resolved.points.map(({ tls }) => tls !== false)).toEqual([true, false])
  })

  it('tells two machines on one host apart by their ports', () => {
    const resolved = asParent(parent([point(), point({ port: 8380, shards: [4] })]))
    expect(resolved.points.map(({ name }) => name)).toEqual(['10.0.18.1:8379', '10.0.18.1:8380'])
  })

  it('pushes what was given for the mode it chose, and nothing else', () => {
    const childManagerOptions = {
      mode: 'processes',
      file: 'other.js',
      processes: {
        env: { NODE_ENV: 'production' },
        forkOptions: { execArgv: ['--enable-source-maps'], cwd: '/srv/other' },
      },
      workers: { env: { A: '2' } },
      killTimeoutMs: 100,
      respawn: false,
    }
    const [one] = asParent(parent([point({ childManagerOptions })])).points
    expect(one?.child).toEqual({
      mode: 'processes',
      file: 'other.js',
      env: { NODE_ENV: 'production' },
      execArgv: ['--enable-source-maps'],
      cwd: '/srv/other',
      killTimeoutMs: 100,
      respawn: {
        enabled: false,
        delayMs: 1_000,
        delayMsMax: 60_000,
        attemptsMax: 5,
        healthyMs: 60_000,
      },
    })
    expect(JSON.parse(JSON.stringify(one?.child))).toEqual(one?.child)
  })
})

describe('a child', () => {
  it('needs a file', () => {
    expect(() => asChild({ mode: 'machines', machines: { me: 'child' } })).toThrow(
      'file: required, but not given',
    )
  })

  it('listens on every address and the port of the guide by default', () => {
    expect(asChild(child())).toMatchObject({ host: '::', port: 8379 })
    expect(asChild(child({ ipc: { networkPort: 0 } })).port).toBe(0)
  })

  it('listens for UDP where it can, unless it is told what to do', () => {
    const listening = (ipc: object) => asChild(child({ ipc })).udp
    expect(asChild(child()).udp).toBe('whenPossible')
    expect([{}, { udp: true }, { udp: false }].map(listening)).toEqual([
      'whenPossible',
      'required',
      'off',
    ])
  })

  it('takes the secret from its options, else from the environment', () => {
    const variables = { DISCORDOO_MACHINES_SECRET: 'from the environment' }
    expect(asChild(child(), variables).trust.secret).toBe('from the environment')
    expect(asChild(child({ secret: 'from the options' }), variables).trust.secret).toBe(
      'from the options',
    )
  })

  it('writes trusted keys in one form', () => {
    const key = Buffer.alloc(32, 7).toString('base64')
    const { trustedKeys } = asChild(child({ trustedKeys: [key, key.slice(0, -1)] })).trust
    expect(trustedKeys).toEqual([key, key])
  })

  it('checks certificates as soon as it trusts some', () => {
    const { tls } = asChild(child({ tls: { trustedConnections: ['tls/a.pub'] } }))
    expect(tls).toMatchObject({ requestCert: undefined, rejectUnauthorized: true })
    expect(asChild(child({ tls: false })).tls).toBe(false)
  })
})
