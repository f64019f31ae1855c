/**
 * A relay for datagrams that does to them what networks do: loses, repeats and delays them (so that
 * later ones overtake), and swallows those that are too large for the path.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { CarrierAddress } from '../../src/transport/carrier.js'

export interface UdpFaults {
  /** In [0, 1). */
  readonly random: () => number
  /** Chances in [0, 1], for each datagram. */
  readonly lose?: number
  readonly repeat?: number
  readonly delay?: number
  /** Longest delay of those that are delayed. */
  readonly delayMsMax?: number
  /** Larger ones are lost without a word, as behind a link with a small MTU. */
  readonly bytesMax?: number
}

export interface UdpRelay {
  /** Where to dial instead of the target. */
  readonly address: CarrierAddress
  /** Datagrams that came, and that were lost. */
  readonly seen: number
  readonly lost: number
  /** From now on everything is lost, both ways. */
  cut(): void
  close(): void
}

/** Passes datagrams on to `target`, and the answers back, each sender over a socket of its own. */
export async function udpRelay(target: CarrierAddress, faults: UdpFaults): Promise<UdpRelay> {
  const family = target.host.includes(':') ? 'udp6' : 'udp4'
  const front = createSocket(family)
  const backs = new Map<string, Socket>()
  const timers = new Set<NodeJS.Timeout>()
  let [seen, lost, isCut] = [0, 0, false]

  const pass = (send: () => void, size: number) => {
    seen += 1
    const { random, lose = 0, repeat = 0, delay = 0, delayMsMax = 20, bytesMax } = faults
    if (isCut || random() < lose || (bytesMax !== undefined && size > bytesMax)) {
      lost += 1
      return
    }
    for (let copies = random() < repeat ? 2 : 1; copies > 0; copies -= 1) {
      if (random() >= delay) send()
      else {
        const timer = setTimeout(() => {
          timers.delete(timer)
          send()
        }, random() * delayMsMax)
        timers.add(timer)
      }
    }
  }
  const backFor = (from: RemoteInfo): Socket => {
    const key = `${from.address} ${from.port}`
    const known = backs.get(key)
    if (known) return known
    const back = createSocket(family)
    back.on('error', () => {})
    back.on('message', (bytes) => {
      pass(() => front.send(bytes, from.port, from.address, () => {}), bytes.length)
    })
    backs.set(key, back)
    return back
  }
  front.on('error', () => {})
  front.on('message', (bytes, from) => {
    const back = backFor(from)
    pass(() => back.send(bytes, target.port, target.host, () => {}), bytes.length)
  })
  front.bind(0, target.host)
  await once(front, 'listening')
  return {
    address: { host: target.host, port: front.address().port },
    get seen() {
      return seen
    },
    get lost() {
      return lost
    },
    cut() {
      isCut = true
    },
    close() {
      isCut = true
      for (const timer of timers) clearTimeout(timer)
      front.close()
      for (const back of backs.values()) back.close()
    },
  }
}
