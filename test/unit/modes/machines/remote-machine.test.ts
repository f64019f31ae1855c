import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import type { InstanceEvent } from '../../../../src/modes/local/fleet-types.js'
import type {
  ChildMessage,
  ParentMessage,
} from '../../../../src/modes/machines/control-messages.js'
import { RemoteMachine } from '../../../../src/modes/machines/parent/remote-machine.js'

const plans = [
  { id: 0, shards: [0, 1] },
  { id: 1, shards: [2, 3] },
]

/** A session of a machine that ran nothing, and what it is told then. */
function begin(machine: RemoteMachine, revision = 1) {
  machine.sessionBegan()
  const report = { source: null, lease: null, totalShards: 0, instances: [] }
  machine.handle({ op: 'running', ...report })
  machine.assign(revision, plans, null)
}

function setUp() {
  const told: ParentMessage[] = []
  const phases: string[] = []
  const events: InstanceEvent[] = []
  const faults: string[] = []
  const ownership: string[] = []
  const link = { takes: true }
  const whole = { isWhole: true }
  const share = { machine: 'm', index: 0, totalShards: 4, callTimeoutMs: 1_000, push: {} }
  const machine = new RemoteMachine(share, plans, {
    self: () => ({ parent: 'key', epoch: 7 }),
    tell: (message) => {
      if (link.takes) told.push(message)
      return link.takes
    },
    onPhase: (phase, error) => phases.push(error ? `${phase} ${error.code}` : phase),
    onInstance: (happened) => events.push(happened),
    onOwnership: ({ op }) => ownership.push(op),
    isWhole: () => whole.isWhole,
    onFault: (what) => faults.push(what),
  })
  const hear = (...messages: ChildMessage[]) => {
    for (const message of messages) machine.handle(message)
  }
  return { machine, told, phases, events, faults, ownership, link, whole, hear }
}

function event(type: 'ready' | 'stopped', instance: number): ChildMessage {
  return { op: 'event', event: { type, instance } }
}

function accepted(revision: number): ChildMessage {
  return { op: 'accepted', revision, adopted: false, killTimeoutMs: 700, instances: [] }
}

const lost = new MachinesError('DM_LINK_LOST', 'cut')
const failed = {
  op: 'failed',
  failures: [{ code: 'DM_NEW', message: 'boo', instance: 1 }],
} as const

describe('the phase of a remote machine', () => {
  it('goes from dialling over starting to ready', () => {
    const { machine, phases, hear } = setUp()
    expect(machine.phase).toBe('dialling')
    begin(machine)
    hear(accepted(1), { op: 'started', revision: 1 })
    expect(phases).toEqual(['starting', 'ready'])
    expect(machine.killTimeoutMs).toBe(700)
  })

  it('is hidden by a broken connection and comes back as it was', () => {
    const { machine, phases, hear } = setUp()
    begin(machine)
    hear(accepted(1), { op: 'started', revision: 1 })
    machine.connectionLost(lost)
    machine.connectionResumed()
    expect(phases.slice(2)).toEqual(['lost DM_LINK_LOST', 'ready'])
  })

  it('shows a failed start again after a break and after a refusal', () => {
    const { machine, phases, hear } = setUp()
    begin(machine)
    hear(accepted(1), { ...failed, revision: 1 })
    machine.connectionLost(lost)
    machine.refused(new MachinesError('DM_PARENT_BUSY', 'another one'))
    machine.connectionResumed()
    expect(phases).toEqual([
      'starting',
      'failed DM_START_FAILED',
      'lost DM_LINK_LOST',
      'failed DM_PARENT_BUSY',
      'failed DM_START_FAILED',
    ])
  })

  it('names what failed, also in words of a newer version', () => {
    const { machine, hear } = setUp()
    begin(machine)
    hear(accepted(1), { ...failed, revision: 1 })
    expect(machine.error?.message).toBe('1 of 2 instances failed to start: instance 1: boo')
    expect(machine.error?.failures).toMatchObject([
      { code: 'DM_REMOTE', message: 'DM_NEW: boo', machine: 'm', instance: 1 },
    ])
  })

  it('does not listen to what is said about an older assignment', () => {
    const { machine, phases, hear } = setUp()
    begin(machine)
    machine.sessionLost(lost)
    begin(machine, 2)
    hear(accepted(1), { op: 'started', revision: 1 }, { ...failed, revision: 1 })
    expect(phases).toEqual(['starting'])
    expect(machine.killTimeoutMs).not.toBe(700)
    hear({ op: 'started', revision: 2 })
    expect(phases).toEqual(['starting', 'ready'])
  })

  it('heals when all instances of a failed start are ready', () => {
    const { machine, phases, hear } = setUp()
    begin(machine)
    hear(accepted(1), event('ready', 0), { ...failed, revision: 1 })
    expect(phases.at(-1)).toBe('failed DM_START_FAILED')
    hear(event('ready', 1))
    expect(phases.at(-1)).toBe('ready')
  })

  it('does not heal by the instances of an assignment that is not its own', () => {
    const { machine, phases, events, hear } = setUp()
    begin(machine)
    const error = { code: 'DM_ASSIGNMENT_REFUSED', message: 'no' }
    hear({ op: 'refused', revision: 1, error }, event('ready', 0), event('ready', 1))
    expect(phases).toEqual(['starting', 'failed DM_ASSIGNMENT_REFUSED'])
    expect(events).toEqual([])
  })

  it('is told in whose name, with a higher revision in every session', () => {
    const { machine, told } = setUp()
    begin(machine)
    machine.sessionLost(lost)
    begin(machine, 2)
    const instances = [
      { id: 0, shards: '0-1' },
      { id: 1, shards: '2-3' },
    ]
    const share = { machine: 'm', index: 0, totalShards: 4, callTimeoutMs: 1_000, push: {} }
    const assignment = { ...share, instances }
    expect(told).toEqual([
      { op: 'assign', parent: 'key', epoch: 7, revision: 1, lease: null, assignment },
      { op: 'assign', parent: 'key', epoch: 7, revision: 2, lease: null, assignment },
    ])
  })

  it('is not ready before it was told everything that is planned on it', () => {
    const { machine, phases, whole, hear } = setUp()
    begin(machine)
    whole.isWhole = false
    hear(accepted(1), { op: 'started', revision: 1 })
    expect(phases).toEqual(['starting'])
    whole.isWhole = true
    machine.assign(2, plans, null)
    hear(accepted(2), { op: 'started', revision: 2 })
    expect(phases).toEqual(['starting', 'ready'])
  })

  it('starts again where a lease had ended, and not where something was taken from it', () => {
    const { machine, phases, hear } = setUp()
    begin(machine)
    hear(accepted(1), { op: 'started', revision: 1 })
    machine.assign(2, plans.slice(0, 1), null)
    hear(accepted(2), { op: 'started', revision: 2 })
    expect(phases).toEqual(['starting', 'ready'])
    hear({ op: 'running', source: null, lease: null, totalShards: 0, instances: [] })
    machine.assign(3, plans.slice(0, 1), null)
    expect(phases.slice(2)).toEqual(['starting'])
  })

  it('hands on what it says of its shards and leases', () => {
    const { machine, ownership, hear } = setUp()
    begin(machine)
    const lease = { op: 'lease', n: 1, revision: 1, stopMs: 5 } as const
    hear({ op: 'released', revision: 1 }, lease, { op: 'round', round: 3 })
    machine.childClosed(new MachinesError('DM_STOPPED', 'bye'))
    expect(ownership).toEqual(['running', 'released', 'lease', 'round', 'stopped'])
  })

  it('has failed where a later parent was there, and what runs is not its own to stop', () => {
    const { machine, phases, hear } = setUp()
    begin(machine)
    const error = { code: 'DM_ASSIGNMENT_STALE', message: 'older' }
    hear({ op: 'refused', revision: 1, error })
    expect(phases).toEqual(['starting', 'failed DM_ASSIGNMENT_STALE'])
    expect(machine.mayRun).toBe(false)
  })

  it('is stopped when the child has said goodbye', () => {
    const { machine, phases } = setUp()
    begin(machine)
    machine.childClosed(new MachinesError('DM_STOPPED', 'bye'))
    expect(phases).toEqual(['starting', 'stopped'])
    expect(machine.mayRun).toBe(false)
  })
})

describe('instances of a remote machine', () => {
  it('are as the last event says', () => {
    const { machine, hear } = setUp()
    begin(machine)
    const say = (happened: InstanceEvent) => {
      hear({ op: 'event', event: happened })
      return machine.instances[1]
    }
    hear(accepted(1))
    expect(say({ type: 'spawned', instance: 1, pid: 9 })).toMatchObject({
      phase: 'starting',
      pid: 9,
    })
    expect(say({ type: 'ready', instance: 1 })).toMatchObject({ phase: 'ready', pid: 9 })
    const exit = { code: 1, signal: null }
    expect(say({ type: 'exited', instance: 1, exit })).toMatchObject({
      phase: 'backoff',
      pid: undefined,
    })
    expect(say({ type: 'respawning', instance: 1, delayMs: 5 })).toMatchObject({ respawns: 1 })
    expect(say({ type: 'crash-loop', instance: 1, exits: 5 })).toMatchObject({
      phase: 'crash-loop',
    })
    expect(say({ type: 'memory', instance: 1, memoryMb: 50 })).toMatchObject({ memoryMb: 50 })
    const tooMuch = { type: 'memory-limit', instance: 1, memoryMb: 130, limitMb: 120 } as const
    expect(say(tooMuch)).toMatchObject({ phase: 'stopping', respawns: 2, memoryMb: 130 })
    expect(say({ type: 'exited', instance: 1, exit })).toMatchObject({ memoryMb: undefined })
    expect(say({ type: 'crash-loop', instance: 1, exits: 5 })).toMatchObject({
      phase: 'crash-loop',
    })
    expect(say({ type: 'respawning', instance: 1, delayMs: 5 })).toMatchObject({ isHeld: false })
    const held = { type: 'respawn-held', instance: 1, delayMs: 5, identifiesMax: 9 } as const
    expect(say({ ...held, isNews: true })).toMatchObject({ phase: 'backoff', isHeld: true })
    expect(say({ type: 'spawned', instance: 1, pid: 9 })).toMatchObject({ isHeld: false })
    expect(say({ ...held, isNews: true })).toMatchObject({ phase: 'starting', isHeld: false })
    expect(say({ type: 'exited', instance: 1, exit })).toMatchObject({ isHeld: false })
    expect(say({ type: 'crash-loop', instance: 1, exits: 5 })).toMatchObject({
      phase: 'crash-loop',
    })
    const failure = { code: 'DM_INSTANCE_CRASH_LOOP', message: 'x' }
    expect(say({ type: 'start-failed', instance: 1, ...failure })).toMatchObject({
      phase: 'crash-loop',
    })
    expect(machine.instances[0]).toEqual({
      id: 0,
      shards: [0, 1],
      phase: 'waiting',
      pid: undefined,
      respawns: 0,
      memoryMb: undefined,
      isHeld: false,
    })
  })

  it('that were moved away are heard of until they are gone, and are no fault', () => {
    const { machine, events, faults, hear } = setUp()
    begin(machine)
    machine.plan(plans.slice(0, 1))
    machine.assign(2, plans.slice(0, 1), null)
    hear(accepted(2), event('stopped', 1), { op: 'released', revision: 2 }, event('ready', 0))
    expect(events.map(({ type }) => type)).toEqual(['stopped', 'ready'])
    expect(machine.instances.map(({ id }) => id)).toEqual([0])
    hear(event('stopped', 1))
    expect(faults).toEqual(['an event of instance 1, which it does not have'])
  })

  it('that it does not have are a fault, and no event', () => {
    const { machine, hear, events, faults } = setUp()
    begin(machine)
    hear(accepted(1), event('ready', 7))
    expect(events).toEqual([])
    expect(faults).toEqual(['an event of instance 7, which it does not have'])
  })
})

describe('calls about instances', () => {
  it('end with their answers', async () => {
    const { machine, told, hear } = setUp()
    begin(machine)
    const [good, bad] = [machine.control('kill', 0), machine.control('create', 1)]
    expect(told.slice(1)).toEqual([
      { op: 'instance', call: 1, action: 'kill', instance: 0 },
      { op: 'instance', call: 2, action: 'create', instance: 1 },
    ])
    hear({ op: 'instance-done', call: 2, error: { code: 'DM_OFFLINE', message: 'x' } })
    hear({ op: 'instance-done', call: 1 })
    await good
    await expect(bad).rejects.toMatchObject({ code: 'DM_OFFLINE', machine: 'm', instance: 1 })
  })

  it('end with the session, and are refused without one', async () => {
    const { machine, told } = setUp()
    await expect(machine.control('kill', 0)).rejects.toMatchObject({ code: 'DM_OFFLINE' })
    begin(machine)
    const call = machine.control('kill', 0)
    machine.sessionLost(lost)
    await expect(call).rejects.toBe(lost)
    await expect(machine.control('kill', 0)).rejects.toMatchObject({ code: 'DM_OFFLINE' })
    expect(told.map(({ op }) => op)).toEqual(['assign', 'instance'])
  })

  it('are refused while the link takes nothing', async () => {
    const { machine, link } = setUp()
    begin(machine)
    link.takes = false
    await expect(machine.control('kill', 0)).rejects.toMatchObject({ code: 'DM_OFFLINE' })
  })

  it('that were never made and are answered are a fault', () => {
    const { machine, hear, faults } = setUp()
    begin(machine)
    hear({ op: 'instance-done', call: 9 })
    expect(faults).toEqual(['an answer to call 9, never made'])
  })
})

describe('stopping a remote machine', () => {
  it('is confirmed by its word, and leaves nothing that may run', async () => {
    const { machine, told, hear } = setUp()
    begin(machine)
    const stop = machine.askToStop('enough')
    expect(told.at(-1)).toEqual({ op: 'stop', reason: 'enough' })
    expect(machine.mayRun).toBe(true)
    hear({ op: 'stopped' })
    expect(await stop).toBe(true)
    expect(machine.mayRun).toBe(false)
    expect(machine.phase).toBe('stopped')
  })

  it('is confirmed by the goodbye of a child that stops as well, and by no other goodbye', async () => {
    for (const code of ['DM_STOPPED', 'DM_PARENT_BUSY'] as const) {
      const { machine } = setUp()
      begin(machine)
      const stop = machine.askToStop('enough')
      machine.childClosed(new MachinesError(code, 'bye'))
      expect(await stop).toBe(code === 'DM_STOPPED')
    }
  })

  it('is said again in a new session, in which nothing is assigned', () => {
    const { machine, told } = setUp()
    begin(machine)
    void machine.askToStop('enough')
    machine.sessionLost(lost)
    begin(machine)
    expect(told.map(({ op }) => op)).toEqual(['assign', 'stop', 'stop'])
  })

  it('is no failed start', () => {
    const { machine, phases, hear } = setUp()
    begin(machine)
    hear(accepted(1))
    void machine.askToStop('enough')
    hear({ ...failed, revision: 1 })
    expect(phases).toEqual(['starting'])
  })

  it('that is not confirmed leaves it lost', () => {
    const { machine, phases } = setUp()
    begin(machine)
    void machine.askToStop('enough')
    machine.partedAs('closed')
    expect(phases).toEqual(['starting', 'lost DM_OFFLINE'])
  })
})
