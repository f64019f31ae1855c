import { PassThrough } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { encodeMemory } from '../../../../src/instances/channel/memory-report.js'
import { createFleet } from '../../../../src/modes/local/fleet.js'
import type { Fleet, InstanceEvent } from '../../../../src/modes/local/fleet-types.js'
import type {
  InstanceExit,
  LaunchedInstance,
  Launcher,
  LaunchSpec,
} from '../../../../src/modes/local/launcher.js'
import { closedIpc } from '../../../../src/modes/local/launchers/bot-ipc.js'
import type { RunOptions } from '../../../../src/options/resolved-options.js'
import { EnvelopeKind, Status, Verb } from '../../../../src/routing/envelope.js'
import { encodeEnvelope } from '../../../../src/routing/envelope-codec.js'
import { deferred } from '../../../support/deferred.js'
import { FakeChannel } from '../../../support/fake-channel.js'
import { quietFleet } from '../../../support/fleet-options.js'
import { runOptions } from '../../../support/launched-bot.js'
import { VirtualSystem } from '../../../support/virtual-system.js'

const hello = 1
const ready = 2
const flush = 5
const attached = 6
const memory = 7
const stopFrame = /^16:/

/** An instance that exists only in this test. */
class FakeInstance implements LaunchedInstance {
  readonly channel = new FakeChannel()
  readonly stdout = new PassThrough()
  readonly stderr = new PassThrough()
  readonly raw: unknown = this
  readonly ipc = closedIpc()
  readonly pid: number
  readonly spec: LaunchSpec
  readonly signals: string[] = []
  readonly #exit = deferred<InstanceExit>()

  constructor(spec: LaunchSpec, pid: number) {
    this.spec = spec
    this.pid = pid
  }

  get exited(): Promise<InstanceExit> {
    return this.#exit.promise
  }

  kill(signal: string): void {
    this.signals.push(signal)
    if (signal === 'SIGKILL') this.exit({ code: null, signal })
  }

  becomeReady(): void {
    this.channel.receive(hello)
    this.channel.receive(attached)
    this.channel.receive(ready)
  }

  exit(exit: InstanceExit): void {
    this.stdout.end()
    this.stderr.end()
    this.channel.lose()
    this.#exit.resolve(exit)
  }
}

function setUp(
  count: number,
  changes: Partial<RunOptions> = {},
  onEvent?: (event: string) => void,
) {
  const system = new VirtualSystem()
  const launched: FakeInstance[] = []
  const events: string[] = []
  const lines: string[] = []
  const envelopes: string[] = []
  const room = deferred()
  let closed = 0
  const settled: string[] = []
  const launcher: Launcher = {
    mode: 'processes',
    launch(spec) {
      const instance = new FakeInstance(spec, 100 + launched.length)
      launched.push(instance)
      return instance
    },
    settled: () => void settled.push(events.at(-1) ?? ''),
    async close() {
      closed += 1
    },
  }
  const fleet: Fleet = createFleet(launcher, {
    ...quietFleet,
    machine: 'm',
    totalShards: 2 * count,
    instances: Array.from({ length: count }, (_, id) => ({ id, shards: [2 * id, 2 * id + 1] })),
    run: runOptions('processes', changes),
    callTimeoutMs: 1_000,
    system,
    writeOutput: (stream, line) => void lines.push(`${stream} ${line}`),
    onEvent: ({ type, instance }: InstanceEvent) => {
      events.push(`${type} ${instance}`)
      onEvent?.(`${type} ${instance}`)
    },
    flushed: () => room.promise,
    onEnvelope: (instance, envelope) =>
      void envelopes.push(`${instance} ${Buffer.from(envelope).toString()}`),
  })
  const get = (index: number): FakeInstance => {
    const found = launched[index]
    if (found === undefined) throw new Error(`nothing was launched ${index + 1} times`)
    return found
  }
  return {
    system,
    fleet,
    launched,
    get,
    events,
    lines,
    envelopes,
    settled,
    room,
    closes: () => closed,
  }
}

/** The code and failures that a promise is rejected with. */
function failure(promise: Promise<void>): Promise<unknown> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => error,
  )
}

describe('Fleet.start', () => {
  it('tells the launcher when all that were launched are ready, and no sooner', () => {
    const { fleet, get, settled } = setUp(4, { startConcurrency: 2 })
    void fleet.start()
    get(1).becomeReady()
    get(0).becomeReady()
    get(2).becomeReady()
    expect(settled).toEqual([])
    get(3).becomeReady()
    expect(settled).toEqual(['ready 3'])
  })

  it('does not wait with that for one that has ended', async () => {
    const { fleet, get, events, settled } = setUp(2)
    void failure(fleet.start())
    get(0).exit({ code: 1, signal: null })
    await vi.waitFor(() => expect(events).toContain('respawning 0'))
    get(1).becomeReady()
    expect(settled).toEqual(['ready 1'])
  })

  it('resolves when all are ready', async () => {
    const { fleet, get, events, system } = setUp(2)
    const started = fleet.start()
    get(0).becomeReady()
    get(1).becomeReady()
    await started
    expect(events).toEqual(['spawned 0', 'spawned 1', 'ready 0', 'ready 1'])
    expect(fleet.status()).toEqual([
      { id: 0, shards: [0, 1], phase: 'ready', pid: 100, respawns: 0, isHeld: false },
      { id: 1, shards: [2, 3], phase: 'ready', pid: 101, respawns: 0, isHeld: false },
    ])
    expect(system.keepAlives).toBe(1)
    await expect(fleet.start()).rejects.toMatchObject({ code: 'DM_STATE' })
  })

  it('names each that failed once the others are ready', async () => {
    const { fleet, get } = setUp(2, {
      respawn: { ...runOptions('processes').respawn, enabled: false },
    })
    const failed = failure(fleet.start())
    get(0).exit({ code: 1, signal: null })
    get(1).becomeReady()
    expect(await failed).toMatchObject({
      code: 'DM_START_FAILED',
      message: '1 of 2 instances of m did not start',
      failures: [{ code: 'DM_INSTANCE_EXITED', instance: 0 }],
    })
    expect(fleet.status().map(({ phase }) => phase)).toEqual(['stopped', 'ready'])
  })

  it('is aborted by stop()', async () => {
    const { fleet, get } = setUp(2, { startConcurrency: 1 })
    const failed = failure(fleet.start())
    const stopped = fleet.stop('why')
    expect(await failed).toMatchObject({ code: 'DM_START_ABORTED' })
    get(0).exit({ code: 0, signal: null })
    await stopped
    await expect(fleet.create(0)).rejects.toMatchObject({ code: 'DM_STOPPED' })
  })

  it('is refused after stop()', async () => {
    const { fleet } = setUp(1)
    await fleet.stop('why')
    await expect(fleet.start()).rejects.toMatchObject({ code: 'DM_STOPPED' })
  })

  it('survives a timeout longer than timers can be', async () => {
    const { fleet, launched, system } = setUp(1, { startTimeoutMs: 2 ** 33 })
    const failed = failure(fleet.start())
    await system.advance(2 ** 33 - 1)
    expect(launched[0]?.signals).toEqual([])
    await system.advance(1)
    expect(await failed).toMatchObject({ code: 'DM_START_FAILED' })
    expect(launched[0]?.signals).toEqual(['SIGTERM'])
  })
})

describe('Fleet.stop', () => {
  it('asks, presses, kills, and leaves nothing behind', async () => {
    const { fleet, get, system, events, closes } = setUp(1, { killTimeoutMs: 1_000 })
    void fleet.start()
    get(0).becomeReady()
    const stopped = fleet.stop('why')
    expect(fleet.stop('again')).toBe(stopped)
    expect(get(0).channel.calls).toEqual(['16:{"reason":"why","timeoutMs":1000}'])
    await system.advance(1_000)
    expect(get(0).signals).toEqual(['SIGTERM'])
    expect(closes()).toBe(0)
    await system.advance(1_000)
    await stopped
    expect(events.slice(2)).toEqual(['exited 0', 'stopped 0'])
    expect(closes()).toBe(1)
    expect(system.keepAlives).toBe(0)
    expect(system.pendingTimers).toBe(0)
  })

  it('may be called from an event', async () => {
    const parts = setUp(2, { startConcurrency: 1 }, (event) => {
      if (event === 'ready 0') void parts.fleet.stop('from an event')
    })
    const failed = failure(parts.fleet.start())
    parts.get(0).becomeReady()
    for (const instance of parts.launched) {
      expect(instance.channel.calls).toEqual([expect.stringMatching(stopFrame)])
      instance.exit({ code: 0, signal: null })
    }
    await parts.fleet.stop('again')
    expect(await failed).toMatchObject({ code: 'DM_START_ABORTED' })
    expect(parts.fleet.status().map(({ phase }) => phase)).toEqual(['stopped', 'stopped'])
  })
})

async function running() {
  const parts = setUp(1)
  const started = parts.fleet.start()
  parts.get(0).becomeReady()
  await started
  return parts
}

describe('one instance', () => {
  it('is started again when it falls', async () => {
    const { fleet, get, launched, system } = await running()
    get(0).exit({ code: 1, signal: null })
    await system.advance(100)
    expect(launched).toHaveLength(2)
    get(1).becomeReady()
    expect(fleet.status()).toMatchObject([{ phase: 'ready', pid: 101, respawns: 1 }])
  })

  it('is restarted gracefully when its memory stays above the limit', async () => {
    const { fleet, get, launched, events } = setUp(1, { maxMemoryMb: 120 })
    const started = fleet.start()
    get(0).becomeReady()
    await started
    get(0).channel.receive(memory, encodeMemory(100 * 2 ** 20 + 1_000))
    expect(fleet.status()).toMatchObject([{ phase: 'ready', memoryMb: 100 }])
    get(0).channel.receive(memory, encodeMemory(121 * 2 ** 20))
    get(0).channel.receive(memory, encodeMemory(122 * 2 ** 20))
    expect(get(0).channel.calls).toEqual(['16:{"reason":"memory","timeoutMs":5000}'])
    expect(fleet.status()).toMatchObject([{ phase: 'stopping', memoryMb: 122 }])
    expect(launched).toHaveLength(1)
    get(0).exit({ code: 0, signal: null })
    await vi.waitUntil(() => launched.length === 2)
    get(1).becomeReady()
    expect(events.slice(2)).toEqual([
      'memory 0',
      'memory-limit 0',
      'exited 0',
      'spawned 0',
      'ready 0',
    ])
    expect(fleet.status()).toMatchObject([{ phase: 'ready', pid: 101, respawns: 1 }])
    expect(fleet.status()[0]?.memoryMb).toBeUndefined()
  })

  it('is not replaced before its exit is confirmed', async () => {
    const { fleet, get, launched, system } = await running()
    const recreated = fleet.recreate(0)
    await system.advance(9_999)
    expect(launched).toHaveLength(1)
    await system.advance(1)
    get(1).becomeReady()
    await recreated
    expect(get(0).signals).toEqual(['SIGTERM', 'SIGKILL'])
  })

  it('stays down after kill() until create()', async () => {
    const { fleet, get, launched, system } = await running()
    const killed = fleet.kill(0)
    get(0).exit({ code: 0, signal: null })
    await killed
    await system.advance(1e6)
    expect(launched).toHaveLength(1)
    expect(fleet.raw(0)).toBeUndefined()
    const created = fleet.create(0)
    get(1).becomeReady()
    await created
    expect(fleet.raw(0)).toBe(get(1))
  })

  it('is ended when it speaks nonsense', async () => {
    const { get, system } = await running()
    get(0).channel.receive(77)
    expect(get(0).channel.calls).toEqual(['close'])
    await system.advance(5_000)
    expect(get(0).signals).toEqual(['SIGTERM'])
  })

  it('is ended when what it says of its memory makes no sense', async () => {
    const { get } = await running()
    get(0).channel.receive(memory, 'much')
    expect(get(0).channel.calls).toEqual(['close'])
  })

  it('that does not exist is refused', async () => {
    const { fleet } = await running()
    for (const call of [fleet.kill(9), fleet.create(9), fleet.recreate(9)]) {
      await expect(call).rejects.toMatchObject({ code: 'DM_INSTANCE_UNKNOWN' })
    }
    expect(fleet.deliver(9, Buffer.alloc(1))).toBe(false)
  })
})

describe('envelopes', () => {
  it('are said to have room for more when there is some, to the instance that asks', async () => {
    const { fleet, get, room } = setUp(2)
    void fleet.start()
    get(0).becomeReady()
    get(0).channel.receive(flush)
    await new Promise(setImmediate)
    expect(get(0).channel.calls).toEqual([])
    room.resolve()
    await new Promise(setImmediate)
    expect(get(0).channel.calls).toEqual(['17:'])
    expect(get(1).channel.calls).toEqual([])
  })

  it('go out from hello to exit, and come in', async () => {
    const { fleet, get, envelopes, system } = setUp(1)
    void fleet.start()
    const message = encodeEnvelope(
      {
        kind: EnvelopeKind.SEND,
        verb: Verb.MESSAGE,
        status: Status.NONE,
        requestId: 1,
        source: 0,
        budgetMs: 0,
        questions: 0,
        target: { kind: 'delivered', machine: 'm' },
      },
      Buffer.from('hi'),
    )
    expect(fleet.deliver(0, message)).toBe(false)
    get(0).channel.receive(hello)
    get(0).channel.receive(attached)
    expect(fleet.deliver(0, message)).toBe(true)
    get(0).channel.receive(3, 'question')
    get(0).channel.receive(ready)
    expect(fleet.deliver(0, message)).toBe(true)
    get(0).exit({ code: 1, signal: null })
    expect(fleet.deliver(0, message)).toBe(false)
    await system.advance(0)
    get(0).channel.receive(3, 'from beyond')
    const sent = `3:${Buffer.from(message).toString()}`
    expect(get(0).channel.calls).toEqual([sent, sent])
    expect(envelopes).toEqual(['0 question'])
  })
})

describe('output', () => {
  it('comes with its prefix, all of it before the exit is told', async () => {
    let told: string[] = []
    const { fleet, get, lines, system } = setUp(1, {}, (event) => {
      if (event === 'exited 0') told = [...lines]
    })
    void fleet.start()
    get(0).becomeReady()
    get(0).stdout.write('one\ntw')
    get(0).stderr.write('complaint\n')
    get(0).exit({ code: 1, signal: null, error: new Error('why it fell') })
    await system.settle()
    expect(told.slice(0, 3).toSorted()).toEqual([
      'stderr [m #0 0-1] complaint',
      'stdout [m #0 0-1] one',
      'stdout [m #0 0-1] tw',
    ])
    expect(told[3]).toBe('stderr [m #0 0-1] Error: why it fell')
  })

  it('does not hold the exit up for longer than outputDrainMs', async () => {
    const { fleet, get, events, system } = setUp(1)
    void fleet.start()
    get(0).becomeReady()
    const { stdout } = get(0)
    stdout.end = () => stdout
    get(0).exit({ code: 1, signal: null })
    await system.advance(499)
    expect(events).not.toContain('exited 0')
    await system.advance(1)
    expect(events).toContain('exited 0')
  })

  it('is read and forgotten when nobody wants it', async () => {
    const { fleet, get, lines, system } = setUp(1, { output: 'ignore' })
    void fleet.start()
    get(0).stdout.write('a'.repeat(1_000_000))
    await system.settle()
    expect(lines).toEqual([])
    expect(get(0).stdout.readableLength).toBe(0)
  })
})
