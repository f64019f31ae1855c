/** The asking process of a link bench: `client.js <contender> <port>`. */
import { inFlight, oneWay } from '../lib/load.js'
import { checkEcho, payloads } from '../lib/payloads.js'
import { answer } from '../lib/processes.js'
import { contender } from './contenders/all.js'

const [, , name = '', port = '0'] = process.argv
const end = await contender(name)
const peer = await end.dial(Number(port))

for (const payload of Object.values(payloads)) {
  const echoed = await peer.request(payload)
  checkEcho(payload, echoed.decoded?.() ?? echoed)
}

/** Bursts of a turn: some 50 KiB of small messages, a megabyte of large ones. */
const burst = { '200B': 256, '64K': 16 }

answer({
  /** @param {{ size: string, load: number | 'one-way', ms: number }} measure */
  measure({ size, load, ms }) {
    const payload = payloads[size]
    const request = () => peer.request(payload)
    if (load !== 'one-way') return inFlight(request, load, ms)
    const way = { send: () => peer.send(payload), drained: peer.drained, confirm: request }
    return oneWay(way, burst[size], ms)
  },
})
