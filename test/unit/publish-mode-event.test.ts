import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MachinesError } from '../../src/errors.js'
import { ShardingInstance } from '../../src/instances/sharding-instance.js'
import type { ShardingManagerEvents } from '../../src/manager-events.js'
import type { InstanceEvent } from '../../src/modes/local/fleet-types.js'
import type { ModeEvent } from '../../src/modes/mode.js'
import { publishModeEvent } from '../../src/publish-mode-event.js'
import { TypedEvents } from '../../src/system/typed-events.js'
import { machineStatus } from '../support/machine-status.js'

let emitted: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
})
afterEach(() => emitted.mockRestore())

const error = new MachinesError('DM_OFFLINE', 'away')
const status = machineStatus()
const backend = {
  isRunning: () => true,
  raw: () => undefined,
  create: () => Promise.resolve(),
  kill: () => Promise.resolve(),
  recreate: () => Promise.resolve(),
  send: () => {},
  eval: () => Promise.resolve([]),
}
const facts = {
  shards: [3],
  totalShards: 4,
  mode: 'workers',
  file: undefined,
  machine: 'm0',
} as const
const instance = new ShardingInstance(undefined, 3, '1', facts, backend)

function setUp(...listened: (keyof ShardingManagerEvents)[]) {
  const publisher = new TypedEvents<ShardingManagerEvents>()
  const heard: unknown[][] = []
  for (const name of listened)
    publisher.on(name, (...args: unknown[]) => heard.push([name, ...args]))
  const publish = (event: ModeEvent) =>
    publishModeEvent(publisher, event, {
      instance: (id) => (id === 3 ? instance : undefined),
      machine: (name) => (name === 'm0' ? status : undefined),
    })
  const happen = (event: InstanceEvent) => publish({ type: 'instance', machine: 'm0', event })
  return { heard, publish, happen }
}

describe('events of instances', () => {
  it('are published with the handle', () => {
    const exit = { code: 1, signal: null }
    const { heard, happen } = setUp(
      ...(['instanceSpawn', 'instanceReady', 'instanceExit', 'instanceRespawn'] as const),
      ...(['crashLoop', 'instanceStop', 'instanceStartFailed'] as const),
    )
    happen({ type: 'spawned', instance: 3, pid: 1 })
    happen({ type: 'ready', instance: 3 })
    happen({ type: 'exited', instance: 3, exit })
    happen({ type: 'respawning', instance: 3, delayMs: 50 })
    happen({ type: 'crash-loop', instance: 3, exits: 5 })
    happen({ type: 'stopped', instance: 3 })
    happen({ type: 'memory', instance: 3, memoryMb: 90 })
    expect(heard).toEqual([
      ['instanceSpawn', instance],
      ['instanceReady', instance],
      ['instanceExit', instance, exit],
      ['instanceRespawn', instance, 50],
      ['crashLoop', instance, 5],
      ['instanceStop', instance],
    ])
    expect(emitted).not.toHaveBeenCalled()
  })

  it('about memory above the limit are a warning where nobody listens', () => {
    const { heard, happen } = setUp('instanceMemory')
    const event = { type: 'memory-limit', instance: 3, memoryMb: 130, limitMb: 120 } as const
    happen(event)
    expect(heard).toEqual([['instanceMemory', instance, { memoryMb: 130, limitMb: 120 }]])
    setUp().happen(event)
    expect(emitted).toHaveBeenCalledExactlyOnceWith(
      'instance 3 on m0 takes 130 MiB, more than its 120, and is restarted',
      expect.objectContaining({ code: 'DM_INSTANCE_MEMORY' }),
    )
  })

  it('about held respawns are a warning once', () => {
    const { heard, happen } = setUp('warning')
    const event = {
      type: 'respawn-held',
      instance: 3,
      delayMs: 90_000,
      identifiesMax: 1_000,
    } as const
    happen({ ...event, isNews: true })
    happen({ ...event, isNews: false })
    expect(heard).toEqual([
      [
        'warning',
        expect.objectContaining({
          code: 'DM_RESPAWN_HELD',
          instance: 3,
          machine: 'm0',
          message: expect.stringContaining('1000 session starts'),
        }),
      ],
    ])
  })

  it('about gateway connections have a name each', () => {
    const { heard, happen } = setUp(
      ...(['instanceDisconnect', 'instanceReconnecting', 'instanceResume'] as const),
    )
    for (const state of ['reconnecting', 'resumed', 'disconnected'] as const) {
      happen({ type: 'gateway', instance: 3, state })
    }
    expect(heard).toEqual([
      ['instanceReconnecting', instance],
      ['instanceResume', instance],
      ['instanceDisconnect', instance],
    ])
  })

  it('messages to the manager come with the handle of their sender', () => {
    const { heard, publish } = setUp('message')
    publish({ type: 'mail', mail: { type: 'message', message: { n: 1 }, instance: 3 } })
    publish({ type: 'mail', mail: { type: 'message', message: 'x', instance: undefined } })
    publish({ type: 'mail', mail: { type: 'rest-sync', success: true } })
    expect(heard).toEqual([
      ['message', { n: 1 }, instance],
      ['message', 'x', undefined],
    ])
  })

  it('that failed keep their code, also one of a newer version', () => {
    const { heard, happen } = setUp('instanceStartFailed')
    happen({ type: 'start-failed', instance: 3, code: 'DM_INSTANCE_EXITED', message: 'gone' })
    happen({ type: 'start-failed', instance: 3, code: 'DM_FROM_THE_FUTURE', message: 'gone' })
    const where = { instance: 3, machine: 'm0' }
    expect(heard.map(([, , failure]) => failure)).toMatchObject([
      { ...where, code: 'DM_INSTANCE_EXITED', message: 'gone' },
      { ...where, code: 'DM_REMOTE', message: 'DM_FROM_THE_FUTURE: gone' },
    ])
  })

  it('without a handle are not published, and do no harm', () => {
    const { heard, happen } = setUp('instanceReady')
    happen({ type: 'ready', instance: 9 })
    expect(heard).toEqual([])
  })
})

describe('what nobody listens for and still matters', () => {
  const crashLoop = { type: 'crash-loop', instance: 3, exits: 5 } as const
  const report = { messageId: 1, instances: [2], reason: error }
  it.each<[string, ModeEvent, string]>([
    ['a warning', { type: 'warning', error }, 'DM_OFFLINE'],
    [
      'a crash loop',
      { type: 'instance', machine: 'm0', event: crashLoop },
      'DM_INSTANCE_CRASH_LOOP',
    ],
    [
      'a machine that failed',
      { type: 'machine', machine: 'm0', phase: 'failed', error },
      'DM_OFFLINE',
    ],
    [
      'a machine that is none',
      { type: 'machine', machine: '?', phase: 'lost', error },
      'DM_OFFLINE',
    ],
    ['a message that did not arrive', { type: 'undelivered', report }, 'DM_OFFLINE'],
    [
      'the first failed dial',
      { type: 'dial-failed', machine: 'm0', error, attempt: 1, retryMs: 9 },
      'DM_OFFLINE',
    ],
  ])('%s is a warning of the process', (_what, event, code) => {
    const { publish } = setUp()
    publish(event)
    const [call] = emitted.mock.calls
    expect(emitted.mock.calls).toHaveLength(1)
    expect(call?.[1]).toEqual({ type: 'DiscordooMachinesWarning', code })
  })

  it('goes to the warning event where somebody listens for that', () => {
    const { heard, publish } = setUp('warning')
    publish({ type: 'undelivered', report })
    publish({ type: 'machine', machine: 'm0', phase: 'lost', error })
    expect(heard).toEqual([
      ['warning', error],
      ['warning', error],
    ])
    expect(emitted).not.toHaveBeenCalled()
  })

  it('is not said twice where it was heard', () => {
    const { heard, publish } = setUp('machine', 'dialFailed', 'undelivered', 'warning')
    publish({ type: 'machine', machine: 'm0', phase: 'failed', error })
    publish({ type: 'dial-failed', machine: 'm0', error, attempt: 7, retryMs: 9 })
    publish({ type: 'undelivered', report })
    expect(heard).toEqual([
      ['machine', status],
      ['dialFailed', { machine: 'm0', error, attempt: 7, retryMs: 9 }],
      ['undelivered', report],
    ])
    expect(emitted).not.toHaveBeenCalled()
  })

  it('is not said for each further dial', () => {
    const { publish } = setUp()
    publish({ type: 'dial-failed', machine: 'm0', error, attempt: 2, retryMs: 9 })
    expect(emitted).not.toHaveBeenCalled()
  })
})

describe('events of shards and their machines', () => {
  const move = { instance: 3, shards: [3], from: 'm0', to: 'm1' }
  it('are published without the name of the mode event', () => {
    const { heard, publish } = setUp('shardsMoved', 'machineLost', 'reassignHeld', 'warning')
    publish({ type: 'moved', moves: [move], reason: 'drain' })
    publish({ type: 'machine-lost', machine: 'm0', policy: 'hold', shards: [3] })
    publish({ type: 'machine-lost', machine: 'm0', policy: 'reassign', shards: [3], inMs: 90 })
    publish({ type: 'reassign-held', machine: 'm0', why: 'no-room', shards: [3] })
    expect(heard).toEqual([
      ['shardsMoved', { moves: [move], reason: 'drain' }],
      ['machineLost', { machine: 'm0', policy: 'hold', shards: [3] }],
      ['machineLost', { machine: 'm0', policy: 'reassign', shards: [3], inMs: 90 }],
      ['reassignHeld', { machine: 'm0', why: 'no-room', shards: [3] }],
    ])
    expect(emitted).not.toHaveBeenCalled()
  })

  it.each([
    ['no-majority', 'no majority'],
    ['round-full', 'next round'],
    ['no-room', 'may take them'],
  ] as const)('held back for %s is a warning where nobody listens', (why, words) => {
    const { heard, publish } = setUp('warning')
    publish({ type: 'reassign-held', machine: 'm0', why, shards: [3, 4, 7] })
    const warned = { code: 'DM_REASSIGN_HELD', machine: 'm0' }
    expect(heard).toMatchObject([['warning', warned]])
    expect(String(heard[0]?.[1])).toMatch(/shards 3-4,7 of m0/)
    expect(String(heard[0]?.[1])).toContain(words)
  })

  it('name no list of shards that nobody would read', () => {
    const { heard, publish } = setUp('warning')
    const shards = Array.from({ length: 60 }, (_, step) => 2 * step)
    publish({ type: 'reassign-held', machine: 'm0', why: 'no-room', shards })
    expect(String(heard[0]?.[1])).toMatch(/: 60 shards of m0/)
  })
})

describe('other events', () => {
  it('are published as they are', () => {
    const packets: unknown[] = []
    instance.ipc.on('RAW', (packet) => packets.push(packet))
    const { heard, publish } = setUp('slowLink', 'refused')
    const envelope = Uint8Array.of(1)
    publish({ type: 'slow', machine: 'm0', pingMs: 80 })
    publish({ type: 'refused', error })
    publish({ type: 'envelope', instance: 3, envelope })
    publish({ type: 'envelope', instance: 9, envelope })
    publish({ type: 'instances' })
    publish({ type: 'dismissed' })
    expect(heard).toEqual([
      ['slowLink', { machine: 'm0', pingMs: 80 }],
      ['refused', error],
    ])
    expect(packets).toEqual([{ envelope }])
    expect(emitted).not.toHaveBeenCalled()
  })
})
