import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { MachinesError } from '../../../src/errors.js'
import type { Outcome } from '../../../src/routing/outcome.js'
import { PendingCall } from '../../../src/routing/pending-call.js'
import { firstQuestions } from '../../../src/routing/questions.js'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const name = { instance: 3, machine: 'eu', shards: [0] }

/** What is left of what a call gave away, once it is over. */
async function leftOf(end: (call: PendingCall) => void): Promise<unknown[]> {
  const given: WeakRef<object>[] = []
  const give = (thing: object) => void given.push(new WeakRef(thing))
  const call = new PendingCall(1, 1_000)
  call.ask({ resolve: give, reject: give })
  call.ask({ resolve: give, reject: give })
  call.expect(new Map([[name.instance, name]]))
  end(call)
  expect([call.isOver, call.takeEnded(), given.length]).toEqual([true, 2, 2])
  await turn()
  collectGarbage()
  // The call itself is still there.
  expect(call.isOver).toBe(true)
  return given.flatMap((thing) => thing.deref() ?? [])
}

const answered = (_: unknown, nth: number): Outcome => ({ ...name, status: 'ok', value: { nth } })

const ends: readonly (readonly [string, (call: PendingCall) => void])[] = [
  ['every answer', (call) => call.answer(name.instance, firstQuestions(2), answered)],
  ['its deadline', (call) => call.giveUp()],
  ['a failure', (call) => call.fail(new MachinesError('DM_STOPPED', 'over'))],
]

it.each(ends)('a call keeps nothing of what it was about after %s', async (_, end) => {
  expect(await leftOf(end)).toEqual([])
})
