/** An instance of the floor: JSON in letters, batched per turn. `instance.js <number> <count>`. */
import { Socket } from 'node:net'
import { checkEcho, small } from '../../lib/payloads.js'
import { answer, pipeFd } from '../../lib/processes.js'
import { batched, unframed } from '../../link/contenders/framing.js'
import { checkAnswers, workload } from '../workload.js'
import { everyone, letter, messageOf } from './letters.js'

const [own = 0, count = 0] = process.argv.slice(2).map(Number)
const socket = new Socket({ fd: pipeFd, readable: true, writable: true })
const write = batched(socket)

/** By id: who waits, for how many answers, and what has come. */
const waiting = new Map()
let nextId = 0

/** @param {number} to @param {unknown} body @param {number} wanted @returns {Promise<any[]>} */
function ask(to, body, wanted) {
  const id = nextId++
  write(letter(to, { id, from: own, body }))
  return new Promise((resolve) => waiting.set(id, { resolve, wanted, answers: [] }))
}

function take({ id, from, body }) {
  if (from !== undefined) {
    write(letter(from, { id, body: body === 'answer' ? own : body }))
    return
  }
  const { resolve, wanted, answers } = waiting.get(id)
  answers.push(body)
  if (answers.length < wanted) return
  waiting.delete(id)
  resolve(answers)
}
socket.on(
  'data',
  unframed((payload) => take(messageOf(payload))),
)

const far = count - 1
const calls = {
  eval: () => ask(far, 'answer', 1),
  request: () => ask(far, small, 1),
  // Its own answer takes no journey.
  broadcast: async () => [own, ...(await ask(everyone, 'answer', count - 1))],
}

async function check() {
  checkAnswers(await calls.eval(), 1)
  checkAnswers(await calls.broadcast(), count)
  const [echoed] = await calls.request()
  checkEcho(small, echoed)
}

answer({ check, measure: workload(calls) })
