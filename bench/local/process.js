/** The manager's side: `process.js <channel>`. */
import { inFlight } from '../lib/load.js'
import { small } from '../lib/payloads.js'
import { answer } from '../lib/processes.js'
import { channels } from './channels.js'

const channel = await channels[process.argv[2] ?? '']()
const waiting = []
channel.receive(() => waiting.shift()?.())
const request = () =>
  new Promise((resolve) => {
    waiting.push(resolve)
    channel.send(small)
  })
await request()

answer({ measure: ({ load, ms }) => inFlight(request, load, ms) }, () => channel.stop())
