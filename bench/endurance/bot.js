/** A bot that asks and tells bots of the other machine for as long as it is told to. */
import { fromDist } from '../lib/dist.js'
import { keptBytes, watchHealth } from '../lib/health.js'
import { Receiver, Sender } from './messages.js'
import { Requests } from './requests.js'

const { bot } = await fromDist('bot/index.js')

/** Two machines, and as many bots on each: the first half of all, and the second. */
const half = bot.totalShards / 2
const farFirst = bot.id < half ? half : 0

const requests = new Requests(async (payload) => {
  const [echo] = await bot.request('echo', payload, { to: farFirst + (payload.number % half) })
  return echo
})
const to = (bot.id + half) % bot.totalShards
const sender = new Sender({
  send: (message) => bot.send(message, { to }),
  flushed: () => bot.flushed(),
  confirmed: () => bot.request('echo', null, { to }),
})
const receiver = new Receiver()

bot.handle('echo', (payload) => payload)
bot.on('message', ({ message, from }) => receiver.received(from.instance, message.number))
bot.on('undelivered', (report) => sender.notDelivered(report))

const health = watchHealth()
const ops = {
  ...health,
  kept: keptBytes,
  begin() {
    health.begin()
    requests.begin()
  },
  start(lanes) {
    requests.start(lanes)
    void sender.start()
  },
  halt() {
    requests.halt()
    sender.halt()
  },
  report: () => ({
    id: bot.id,
    requests: requests.report(),
    sender: sender.report(),
    receiver: receiver.report(),
  }),
}
bot.expose({ ask: (op, data) => ops[op](data) })
bot.ready()
