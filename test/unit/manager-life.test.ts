import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest'
import { MachinesError } from '../../src/errors.js'
import { limits } from '../../src/limits.js'
import { ManagerLife } from '../../src/manager-life.js'
import type { SignalPolicy } from '../../src/options/resolved-options.js'
import { type Deferred, deferred } from '../support/deferred.js'
import { VirtualSystem } from '../support/virtual-system.js'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
let others: Map<string, NodeJS.SignalsListener[]>
/** Stands in for process.exit: what it was called with. */
let exit: Mock<(code?: unknown) => void>
beforeEach(() => {
  others = new Map(signals.map((signal) => [signal, process.listeners(signal)]))
  for (const signal of signals) process.removeAllListeners(signal)
  exit = vi.fn()
  vi.spyOn(process, 'exit').mockImplementation((code) => exit(code) as never)
})
afterEach(() => {
  for (const signal of signals) {
    process.removeAllListeners(signal)
    for (const listener of others.get(signal) ?? []) process.on(signal, listener)
  }
  vi.restoreAllMocks()
})

interface Given {
  readonly policy?: SignalPolicy
  readonly canDetach?: boolean
  /** Whether the start of the mode rejects as soon as it is stopped. */
  readonly stopEndsStart?: boolean
}

function setUp({ policy = 'stop', canDetach = true, stopEndsStart = true }: Given = {}) {
  const system = new VirtualSystem()
  const log: string[] = []
  const steps = { start: deferred(), stop: deferred(), detach: deferred() }
  const abort = () =>
    stopEndsStart && steps.start.reject(new MachinesError('DM_START_ABORTED', 'by the mode'))
  const act = (name: 'stop' | 'detach', step: Deferred<void>) => () => {
    log.push(name)
    abort()
    return step.promise
  }
  const mode = {
    start: () => {
      log.push('start')
      return steps.start.promise
    },
    stop: act('stop', steps.stop),
    ...(canDetach ? { detach: act('detach', steps.detach) } : {}),
  }
  const life = new ManagerLife(mode, policy, system, {
    ready: () => log.push('ready'),
    stopped: () => log.push('stopped'),
  })
  /** Notes the end of a call under a name. */
  const note = (name: string, work: Promise<void>): void => {
    work.then(
      () => log.push(`${name}: ok`),
      ({ code, message }: MachinesError) => log.push(`${name}: ${code ?? message}`),
    )
  }
  return { system, log, steps, life, note, listeners: () => process.listenerCount('SIGINT') }
}

describe('start and stop', () => {
  it('come one after the other, each once', async () => {
    const { system, log, steps, life, note, listeners } = setUp()
    note('start', life.start())
    expect([system.keepAlives, listeners()]).toEqual([1, 1])
    steps.start.resolve()
    await system.settle()
    note('again', life.start())
    const first = life.stop('enough')
    expect(life.stop('really')).toBe(first)
    steps.stop.resolve()
    await first
    await life.stop('still')
    expect(log).toEqual(['start', 'ready', 'start: ok', 'stop', 'again: DM_STATE', 'stopped'])
    expect([system.keepAlives, listeners()]).toEqual([0, 0])
  })

  it('without a start only says that it has stopped', async () => {
    const { log, life } = setUp()
    await life.stop('never mind')
    await expect(life.start()).rejects.toMatchObject({ code: 'DM_STATE' })
    expect(log).toEqual(['stopped'])
  })

  it('a stop during start ends it with DM_START_ABORTED, once the stop is done', async () => {
    const { system, log, steps, life, note } = setUp()
    note('start', life.start())
    note('stop', life.stop('enough'))
    await system.settle()
    expect(log).toEqual(['start', 'stop'])
    steps.stop.resolve()
    await system.settle()
    expect(log.slice(2).toSorted()).toEqual(['start: DM_START_ABORTED', 'stop: ok', 'stopped'])
    expect(system.keepAlives).toBe(0)
  })

  it('a start that was through when the stop came is aborted as well, and not ready', async () => {
    const { system, log, steps, life, note } = setUp({ stopEndsStart: false })
    note('start', life.start())
    steps.start.resolve()
    note('stop', life.stop('enough'))
    steps.stop.resolve()
    await system.settle()
    expect(log.toSorted()).toEqual([
      'start',
      'start: DM_START_ABORTED',
      'stop',
      'stop: ok',
      'stopped',
    ])
  })

  it('a start that leaves nothing running keeps nothing alive', async () => {
    const { system, steps, life, listeners } = setUp()
    steps.start.reject(new MachinesError('DM_LISTEN_FAILED', 'taken'))
    await expect(life.start()).rejects.toMatchObject({ code: 'DM_LISTEN_FAILED' })
    expect([system.keepAlives, listeners()]).toEqual([0, 0])
  })

  it('a start that failed in part goes on until it is stopped', async () => {
    const { system, steps, life, log, listeners } = setUp()
    steps.start.reject(new MachinesError('DM_START_FAILED', '1 of 2'))
    await expect(life.start()).rejects.toMatchObject({ code: 'DM_START_FAILED' })
    expect([system.keepAlives, listeners()]).toEqual([1, 1])
    steps.stop.resolve()
    await life.stop('enough')
    expect(log).toEqual(['start', 'stop', 'stopped'])
    expect([system.keepAlives, listeners()]).toEqual([0, 0])
  })

  it('a stop that failed may be tried again', async () => {
    const { system, steps, life, log } = setUp()
    steps.start.resolve()
    await life.start()
    const failed = life.stop('enough')
    steps.stop.reject(new Error('stuck'))
    await expect(failed).rejects.toThrow('stuck')
    expect(system.keepAlives).toBe(1)
    await expect(life.stop('again')).rejects.toThrow('stuck')
    expect(log.filter((line) => line === 'stop')).toHaveLength(2)
  })
})

describe('detach', () => {
  it('ends in its own way, and a later stop only waits for it', async () => {
    const { log, steps, life } = setUp()
    steps.start.resolve()
    await life.start()
    const detached = life.detach()
    const stopped = life.stop('as well')
    steps.detach.resolve()
    await Promise.all([detached, stopped])
    expect(log).toEqual(['start', 'ready', 'detach', 'stopped'])
  })

  it('that has no meaning is refused at once and does not touch a stop', async () => {
    const { steps, life, log } = setUp({ canDetach: false })
    steps.start.resolve()
    await life.start()
    const detached = life.detach()
    const stopped = life.stop('enough')
    await expect(detached).rejects.toMatchObject({ code: 'DM_NOT_IN_THIS_MODE' })
    steps.stop.resolve()
    await stopped
    expect(log).toEqual(['start', 'ready', 'stop', 'stopped'])
  })
})

describe('signals', () => {
  it.each(signals)('%s stops and ends the process well', async (signal) => {
    const { system, steps, life, log } = setUp()
    steps.start.resolve()
    await life.start()
    process.emit(signal, signal)
    await system.settle()
    expect(exit).not.toHaveBeenCalled()
    steps.stop.resolve()
    await system.settle()
    expect(exit.mock.calls).toEqual([[0]])
    expect(log).toEqual(['start', 'ready', 'stop', 'stopped'])
  })

  it('during start end the process before the start is seen to fail', async () => {
    const { system, steps, life, note, log } = setUp()
    exit.mockImplementation(() => {
      log.push('exit')
    })
    note('start', life.start())
    process.emit('SIGINT', 'SIGINT')
    steps.stop.resolve()
    await system.settle()
    expect(log).toEqual(['start', 'stop', 'stopped', 'exit', 'start: DM_START_ABORTED'])
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s for the second time ends the process at once', async (signal, code) => {
    const { system, steps, life } = setUp()
    steps.start.resolve()
    await life.start()
    process.emit('SIGINT', 'SIGINT')
    await system.advance(limits.signalRepeatMs)
    process.emit(signal, signal)
    expect(exit.mock.calls).toEqual([[code]])
  })

  it('that one Ctrl-C has sent twice count as one', async () => {
    const { system, steps, life } = setUp()
    steps.start.resolve()
    await life.start()
    process.emit('SIGINT', 'SIGINT')
    await system.advance(limits.signalRepeatMs - 1)
    process.emit('SIGINT', 'SIGINT')
    expect(exit).not.toHaveBeenCalled()
  })

  it('detach where that is asked for and has a meaning, else stop', async () => {
    for (const canDetach of [true, false]) {
      const { system, steps, life, log } = setUp({ policy: 'detach', canDetach })
      steps.start.resolve()
      await life.start()
      process.emit('SIGINT', 'SIGINT')
      steps.stop.resolve()
      steps.detach.resolve()
      await system.settle()
      expect(log).toEqual(['start', 'ready', canDetach ? 'detach' : 'stop', 'stopped'])
    }
  })

  it('leave the end of the process to others that listen for them', async () => {
    const { system, steps, life, log } = setUp()
    steps.start.resolve()
    process.on('SIGINT', () => log.push('theirs'))
    await life.start()
    process.emit('SIGINT', 'SIGINT')
    steps.stop.resolve()
    await system.settle()
    expect(log).toEqual(['start', 'ready', 'theirs', 'stop', 'stopped'])
    expect(exit).not.toHaveBeenCalled()
  })

  it('end the process with code 1 when the stop failed', async () => {
    const { system, steps, life } = setUp()
    steps.start.resolve()
    await life.start()
    steps.stop.reject(new Error('stuck'))
    process.emit('SIGTERM', 'SIGTERM')
    await system.settle()
    expect(exit.mock.calls).toEqual([[1]])
  })

  it('are left alone when that is asked for', async () => {
    const { steps, life, listeners } = setUp({ policy: 'ignore' })
    steps.start.resolve()
    await life.start()
    expect(listeners()).toBe(0)
  })
})

describe('a call that needs what start() made', () => {
  const refused = expect.objectContaining({ code: 'DM_STATE' })

  it('is refused until the start has ended', async () => {
    const { life, steps } = setUp()
    expect(() => life.refuseBeforeStart('restart')).toThrow(refused)
    const started = life.start()
    expect(() => life.refuseBeforeStart('restart')).toThrow(refused)
    steps.start.resolve()
    await started
    expect(() => life.refuseBeforeStart('restart')).not.toThrow()
    steps.stop.resolve()
    await life.stop('the test is over')
  })

  it('is taken after a start that failed, as what did start runs on', async () => {
    const { life, steps } = setUp()
    const started = life.start()
    steps.start.reject(new MachinesError('DM_START_FAILED', 'one of two'))
    await expect(started).rejects.toMatchObject({ code: 'DM_START_FAILED' })
    expect(() => life.refuseBeforeStart('restart')).not.toThrow()
    steps.stop.resolve()
    await life.stop('the test is over')
  })
})
