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
const answered = (value: unknown): Outcome => ({ ...name, status: 'ok', value })

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

it('keeps nothing of what it was about once it is over', async () => {
  const answerBoth = (_: unknown, nth: number) => answered({ nth })
  expect(await leftOf((call) => call.answer(name.instance, firstQuestions(2), answerBoth))).toEqual(
    [],
  )
  expect(await leftOf((call) => call.giveUp())).toEqual([])
  expect(await leftOf((call) => call.fail(new MachinesError('DM_STOPPED', 'over')))).toEqual([])
})
