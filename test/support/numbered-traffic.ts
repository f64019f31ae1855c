/**
 * A parent that sends numbered messages to a bot, and what became of each: the invariant of every
 * network test is that a message arrives once and in order, or is reported.
 */

/** Code of a parent file: sends until SIGUSR1, then prints `{ sent, undelivered, inbox }`. */
export function trafficParent(points: unknown, machines: object = {}): string {
  return `
import { setTimeout as delay } from 'node:timers/promises'
import { ShardingManager } from 'discordoo-machines'
const manager = new ShardingManager({
  mode: 'machines', machines: { me: 'parent', points: ${JSON.stringify(points)}, ...${JSON.stringify(machines)} },
})
manager.on('warning', () => {})
manager.on('machine', ({ index, phase }) => console.log('machine', index, phase))
const byId = new Map()
const undelivered = []
manager.on('undelivered', ({ messageId }) => undelivered.push(byId.get(messageId)))
let sent = 0
let running = true
process.once('SIGUSR1', () => { running = false })
await manager.start()
console.log('started', [...manager.instances.keys()].length)
while (running) {
  byId.set(manager.send({ n: sent }, { to: 0 }), sent)
  sent += 1
  await delay(2)
}
// Whatever is still on its way arrives before this answer: links and channels keep the order.
let answer
do {
  ;[answer] = await manager.evalSettled(({ inbox }) => inbox.map(({ message }) => message.n), { to: 0 })
  if (answer.status !== 'ok') await delay(100)
} while (answer.status !== 'ok')
console.log('result', JSON.stringify({ sent, undelivered, inbox: answer.value }))
await manager.stop()`
}

/** Code of a child file that listens on an address. */
export function trafficChild(
  host: string,
  port: number,
  bot: string,
  machines: object = {},
): string {
  return `
import { ShardingManager } from 'discordoo-machines'
const manager = new ShardingManager({
  mode: 'machines', file: ${JSON.stringify(bot)}, output: 'ignore',
  machines: {
    me: 'child', ipc: { networkHost: ${JSON.stringify(host)}, networkPort: ${port} },
    whenParentStops: 'exit', ...${JSON.stringify(machines)},
  },
})
manager.on('warning', () => {})
await manager.start()
console.log('listening')`
}

export interface TrafficResult {
  readonly sent: number
  readonly undelivered: readonly number[]
  readonly inbox: readonly number[]
}

/** What broke the invariant; an empty list when nothing did. */
export function faultsOf({ sent, undelivered, inbox }: TrafficResult): string[] {
  const faults: string[] = []
  const arrived = new Set(inbox)
  if (arrived.size !== inbox.length) faults.push('a message arrived twice')
  if (inbox.some((number, index) => index > 0 && number < (inbox[index - 1] ?? 0))) {
    faults.push('messages arrived out of order')
  }
  const reported = new Set(undelivered)
  for (let number = 0; number < sent; number += 1) {
    if (!arrived.has(number) && !reported.has(number)) faults.push(`message ${number} vanished`)
  }
  return faults
}
