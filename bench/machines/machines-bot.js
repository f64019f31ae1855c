/** The bot of discordoo-machines: instance 0 asks, all answer. */
import { fromDist } from '../lib/dist.js'
import { checkEcho, small } from '../lib/payloads.js'
import { checkAnswers, workload } from './workload.js'

const { bot } = await fromDist('bot/index.js')
const count = Number(process.env.BENCH_INSTANCES)
/** The last one lives on the last machine. */
const far = { to: count - 1 }

const measure = workload({
  eval: () => bot.eval(({ answer }) => answer, far),
  request: () => bot.request('echo', small, far),
  broadcast: () => bot.eval(({ answer }) => answer),
})

async function check() {
  checkAnswers(await bot.eval(({ answer }) => answer), count)
  const [echoed] = await bot.request('echo', small, far)
  checkEcho(small, echoed)
}

bot.expose({ answer: bot.id, measure, check })
bot.handle('echo', (payload) => payload)
bot.ready()
