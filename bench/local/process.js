/** The manager's side: `process.js <channel>`. */
import { setImmediate as turn } from 'node:timers/promises'
import { inFlight, oneWay } from '../lib/load.js'
import { checkEcho, small } from '../lib/payloads.js'
import { answer } from '../lib/processes.js'
import { nearEnd } from './channels.js'

const { end, stop } = await nearEnd(process.argv[2] ?? '')
/** Objects of their own: structured clone sends one that it meets again as a mere reference. */
const bodies = Array.from({ length: 1_024 }, () => structuredClone(small))
let nextBody = 0
const body = () => bodies[nextBody++ % bodies.length]

const waiting = new Map()
let nextId = 0
end.receive((answered) => {
  const resolve = waiting.get(answered.id)
  waiting.delete(answered.id)
  resolve(answered.body)
})
const request = () =>
  new Promise((resolve) => {
    const id = nextId++
    waiting.set(id, resolve)
    end.send({ id, body: body() })
  })
checkEcho(small, await request())

/** Not every channel says when it is full, so two bursts are under way at most. */
let burst = Promise.resolve()
async function drained() {
  const before = burst
  burst = request()
  await before
  await turn()
}
const way = { send: () => end.send({ body: body() }), drained, confirm: request }

answer(
  {
    measure: ({ load, ms }) =>
      load === 'one-way' ? oneWay(way, 256, ms) : inFlight(request, load, ms),
  },
  () => stop(),
)
