/** A fleet of real instances, in each of the three modes. */
import { afterEach, describe, expect, it } from 'vitest'
import { IpcIds } from '../../../dist/instances/ipc-ids.js'
import { createFleet } from '../../../dist/modes/local/fleet.js'
import type { Fleet, InstanceEvent } from '../../../dist/modes/local/fleet-types.js'
import { createLauncher } from '../../../dist/modes/local/launchers/create-launcher.js'
import type { RunOptions } from '../../../dist/options/resolved-options.js'
import { encodeBody } from '../../../dist/routing/body-codec.js'
import { EnvelopeKind, Status, Verb } from '../../../dist/routing/envelope.js'
import { encodeEnvelope } from '../../../dist/routing/envelope-codec.js'
import { realSystem } from '../../../dist/system/system.js'
import { launcherModes, runOptions } from '../../support/launched-bot.js'
import { findReaper } from '../../support/processes.js'

function nothing(): void {}

/** A message to instance 1; fleets look at the header, and the bot sends it back as it is. */
const question = encodeEnvelope(
  {
    kind: EnvelopeKind.SEND,
    verb: Verb.MESSAGE,
    status: Status.NONE,
    requestId: 1,
    source: 0,
    budgetMs: 0,
    questions: 0,
    target: { kind: 'instances', ranges: [{ from: 1, to: 1 }] },
  },
  encodeBody('question', ''),
)

describe.each(launcherModes)('a fleet of %s', (mode) => {
  let fleet: Fleet

  afterEach(() => fleet.stop('end of the test'))

  function create(script: string, changes: Partial<RunOptions> = {}) {
    const events: InstanceEvent[] = []
    const lines: string[] = []
    const envelopes: string[] = []
    let look: () => void = nothing
    fleet = createFleet(createLauncher(mode, realSystem), {
      machine: 'm',
      totalShards: 4,
      instances: [
        { id: 0, shards: [0, 1] },
        { id: 1, shards: [2, 3] },
      ],
      run: runOptions(mode, { env: { SCRIPT: script }, ...changes }),
      callTimeoutMs: 1_000,
      instanceCount: () => 2,
      hasShard: (shard) => shard < 4,
      ipcIds: new IpcIds(realSystem),
      onNotTaken: nothing,
      onUndelivered: nothing,
      onWarning: nothing,
      system: realSystem,
      writeOutput: (_stream, line) => {
        lines.push(line)
        look()
      },
      onEvent: (event) => {
        events.push(event)
        look()
      },
      onEnvelope: (instance, envelope) => {
        envelopes.push(`${instance} ${Buffer.from(envelope).toString()}`)
        look()
      },
    })
    const until = (holds: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        look = () => {
          if (holds()) resolve()
        }
        look()
      })
    const of = (type: InstanceEvent['type']) => events.filter((event) => event.type === type)
    return { of, lines, envelopes, until }
  }

  it('starts, talks, and stops with goodbyes', async () => {
    const { of, envelopes, until } = create('echo')
    await fleet.start()
    expect(fleet.deliver(1, question)).toBe(true)
    await until(() => envelopes.includes(`1 ${Buffer.from(question).toString()}`))
    await fleet.stop('why')
    expect(of('exited')).toMatchObject([
      { exit: { code: 0, signal: null } },
      { exit: { code: 0, signal: null } },
    ])
    const goodbye = JSON.stringify({ stop: { reason: 'why', timeoutMs: 5_000 } })
    expect(envelopes).toContain(`0 ${goodbye}`)
    expect(envelopes).toContain(`1 ${goodbye}`)
    expect(fleet.status().map(({ phase }) => phase)).toEqual(['stopped', 'stopped'])
  })

  it('prefixes what the bots print, also a last line without an end', async () => {
    const { lines } = create('speaks')
    await fleet.start()
    await fleet.stop('why')
    const own = lines.filter((line) => line.startsWith('[m #1 2-3] ')).toSorted()
    expect(own).toEqual([
      '[m #1 2-3] a complaint',
      '[m #1 2-3] first line',
      '[m #1 2-3] no line end',
      '[m #1 2-3] second line',
    ])
  })

  it('starts one again that falls, until it is a crash loop', async () => {
    const { of, until } = create('falls')
    await fleet.start()
    await until(() => of('crash-loop').length === 2)
    expect(fleet.status()).toMatchObject([
      { phase: 'crash-loop', respawns: 2 },
      { phase: 'crash-loop', respawns: 2 },
    ])
    await fleet.recreate(0)
    expect(of('ready').length).toBeGreaterThanOrEqual(5)
  })

  it('fails to start bots that end by themselves, and says why', async () => {
    create('throws')
    await expect(fleet.start()).rejects.toMatchObject({
      code: 'DM_START_FAILED',
      failures: [
        { code: 'DM_INSTANCE_CRASH_LOOP', instance: 0 },
        { code: 'DM_INSTANCE_CRASH_LOOP', instance: 1 },
      ],
    })
  })

  it('ends bots that are not ready in time', async () => {
    const { of } = create('unaware', { startTimeoutMs: 1_000, killTimeoutMs: 200 })
    await expect(fleet.start()).rejects.toMatchObject({
      failures: [{ code: 'DM_INSTANCE_START_TIMEOUT' }, { code: 'DM_INSTANCE_START_TIMEOUT' }],
    })
    await fleet.stop('why')
    expect(of('exited').length).toBeGreaterThanOrEqual(2)
  })

  it('can be stopped while it starts', async () => {
    create('unaware')
    const started = fleet.start()
    const stopped = fleet.stop('why')
    await expect(started).rejects.toMatchObject({ code: 'DM_START_ABORTED' })
    await stopped
    expect(fleet.status().map(({ pid }) => pid)).toEqual([undefined, undefined])
  })

  it('lets one go and takes another while the rest runs on', async () => {
    const { of } = create('echo')
    await fleet.start()
    const [stays] = fleet.status()
    await fleet.remove([1], 'moved')
    expect(of('exited')).toMatchObject([{ instance: 1, exit: { code: 0, signal: null } }])
    expect(fleet.status()).toEqual([expect.objectContaining({ id: 0, phase: 'ready' })])
    await fleet.add([{ id: 3, shards: [3] }])
    await fleet.add([{ id: 1, shards: [2] }])
    expect(fleet.status()).toMatchObject([
      { id: 0, pid: stays?.pid, respawns: 0 },
      { id: 1, shards: [2], phase: 'ready' },
      { id: 3, shards: [3], phase: 'ready' },
    ])
    expect(of('exited')).toHaveLength(1)
  })

  it('presses and kills bots that ignore the request to stop', async () => {
    const { of } = create('deaf', { killTimeoutMs: 300 })
    await fleet.start()
    await fleet.stop('why')
    const exit = mode === 'workers' ? { code: 1 } : { signal: 'SIGKILL' }
    expect(of('exited')).toMatchObject([{ exit }, { exit }])
    if (process.platform === 'linux') expect(findReaper(process.pid)).toBeUndefined()
  })
})
