/**
 * Requests and one-way messages between bots of two machines, at full rate, while the links break:
 * does memory stay, is anything lost, how late is the event loop?
 */
import { setTimeout as delay } from 'node:timers/promises'
import { memoryOf } from './memory.js'
import { failuresOf, messagesOf, requestsOf } from './reconcile.js'
import { tables } from './tables.js'
import { EnduranceWorld } from './world.js'

const minuteMs = 60_000

/** Each link is left alone for 8 s in between, as one that breaks within 5 is dialled ever later. */
const full = { warmUpMs: minuteMs, cutEveryMs: 4_000, sampleEveryMs: 5_000 }
const brief = { warmUpMs: 100, cutEveryMs: 500, sampleEveryMs: 100 }
const briefMs = 1_500

/** @param {{ minutes: number }} options 0: briefly, for a smoke test @returns {import('../lib/rounds.js').LongBench} */
export const endurance = ({ minutes }) => ({
  name: 'endurance',
  title: `Endurance: ${minutes} minutes at full rate, a link cut every ${full.cutEveryMs / 1_000} s`,
  tables,
  run: ({ say }) => (minutes > 0 ? run(minutes * minuteMs, full, say) : run(briefMs, brief, say)),
})

async function run(ms, pace, say) {
  const world = await EnduranceWorld.start()
  try {
    say(`endurance: ${pace.warmUpMs / 1_000} s to warm up, then ${ms / 1_000} s`)
    await traffic(world, pace.warmUpMs, pace)
    const before = await world.ask('kept')
    const { samples, reports } = await traffic(world, ms, pace)
    const loop = await world.ask('loop')
    const after = await world.ask('kept')
    const kept = (name) => ({ before: before[name], after: after[name] })
    return {
      minutes: ms / minuteMs,
      cuts: world.cuts,
      requests: requestsOf(reports),
      latencies: reports.map(({ requests }) => requests.latencies),
      messages: messagesOf(reports),
      processes: Object.keys(after).map((name) => ({
        name,
        memory: memoryOf(samplesOf(samples, name), kept(name)),
        loop: loop[name],
        samples: samplesOf(samples, name),
      })),
      failures: failuresOf(reports),
    }
  } finally {
    await world.stop()
  }
}

/** For so long, with cuts; gives samples of all processes, and what the bots report afterwards. */
async function traffic(world, ms, { cutEveryMs, sampleEveryMs }) {
  const samples = []
  await world.begin()
  const cutting = setInterval(() => world.cut(), cutEveryMs)
  try {
    const begin = performance.now()
    for (let now = begin; now - begin < ms; now = performance.now()) {
      samples.push({ seconds: (now - begin) / 1_000, of: await world.ask('sample') })
      await delay(sampleEveryMs)
    }
  } finally {
    clearInterval(cutting)
  }
  return { samples, reports: await world.end() }
}

function samplesOf(samples, name) {
  return samples.map(({ seconds, of }) => ({ seconds, ...of[name] }))
}
