import { describe, expect, it } from 'vitest'
import { limits } from '../../../../../src/limits.js'
import { FormerWatch } from '../../../../../src/modes/machines/child/former-watch.js'
import { FakeProcesses } from './fake-processes.js'

const begin = 1_000
const killAt = begin + limits.formerInstancesMs

function watched(...startTimes: string[]): { watch: FormerWatch; machine: FakeProcesses } {
  const machine = new FakeProcesses()
  const booked = startTimes.map((startTime, n) => ({ pid: 201 + n, startTime }))
  for (const { pid, startTime } of booked) machine.running.set(pid, startTime)
  return { watch: new FormerWatch(booked, begin), machine }
}

describe('the watch over former instances', () => {
  it('is over at once when there are none', () => {
    const { watch, machine } = watched()
    expect(watch.look(begin, machine.startTimeOf)).toEqual({ kill: [], warnings: [], isOver: true })
  })

  it('waits for the last one, and kills nothing before its time', () => {
    const { watch, machine } = watched('1', '2')
    machine.running.delete(201)
    const look = watch.look(killAt - 1, machine.startTimeOf)
    expect(look).toEqual({ kill: [], warnings: [], isOver: false })
    machine.running.delete(202)
    expect(watch.look(killAt, machine.startTimeOf).isOver).toBe(true)
  })

  it('counts one as gone when a stranger has its id, and never kills that', () => {
    const { watch, machine } = watched('1')
    machine.running.set(201, '77')
    expect(watch.look(killAt, machine.startTimeOf)).toMatchObject({ kill: [], isOver: true })
  })

  it('kills what is left when the time has come, and waits for its end', () => {
    const { watch, machine } = watched('1', '2')
    machine.running.delete(201)
    expect(watch.look(killAt, machine.startTimeOf)).toEqual({
      kill: [202],
      warnings: [],
      isOver: false,
    })
    machine.running.delete(202)
    expect(watch.look(killAt + 50, machine.startTimeOf)).toMatchObject({ kill: [], isOver: true })
  })

  it('goes on waiting for one that cannot be killed, and warns once', () => {
    const { watch, machine } = watched('1')
    const looks = [0, 1_000, 2_000, 3_000, 60_000].map((ms) =>
      watch.look(killAt + ms, machine.startTimeOf),
    )
    expect(looks.every(({ isOver }) => !isOver)).toBe(true)
    expect(looks.every(({ kill }) => kill.includes(201))).toBe(true)
    expect(looks.flatMap(({ warnings }) => warnings)).toMatchObject([
      {
        code: 'DM_FORMER_INSTANCES',
        message: expect.stringMatching(/^process 201, .*cannot be ended/),
      },
    ])
    machine.running.delete(201)
    expect(watch.look(killAt + 60_050, machine.startTimeOf).isOver).toBe(true)
  })

  it('never kills by an id alone: it waits as long, warns, and goes on', () => {
    const { watch, machine } = watched('?', '?', '3')
    machine.running.delete(201)
    expect(watch.look(killAt - 1, machine.startTimeOf)).toMatchObject({
      warnings: [],
      isOver: false,
    })
    const look = watch.look(killAt, machine.startTimeOf)
    expect(look.kill).toEqual([203])
    expect(look.warnings).toMatchObject([
      { code: 'DM_FORMER_INSTANCES', message: expect.stringMatching(/^process 202 may be/) },
    ])
    machine.running.delete(203)
    expect(watch.look(killAt + 50, machine.startTimeOf)).toEqual({
      kill: [],
      warnings: [],
      isOver: true,
    })
  })

  it('names no more processes than a person reads', () => {
    const { watch, machine } = watched(...Array.from({ length: 50 }, () => '?'))
    const [warning] = watch.look(killAt, machine.startTimeOf).warnings
    expect(warning?.message).toMatch(/^the processes 201, .*220 and 30 more may be/)
  })
})
