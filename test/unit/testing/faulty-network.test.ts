import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Faults, noFaults, randomFaults } from '../../../src/testing/faults.js'
import { FaultyNetwork } from '../../../src/testing/faulty-network.js'
import { seededRandom } from '../../../src/testing/seeded-random.js'
import { VirtualSystem } from '../../../src/testing/virtual-system.js'
import type { ConnectionLimits } from '../../../src/transport/connection-gate.js'

const address = { host: 'child', port: 8379 }
const never = new AbortController().signal

let system: VirtualSystem
let network: FaultyNetwork

beforeEach(() => {
  system = new VirtualSystem()
  network = new FaultyNetwork({ system, seed: 1 })
})

function weather(faults: Partial<Faults>, seed = 1): void {
  network = new FaultyNetwork({ system, seed, faults })
}

/** One end, with all that it heard and how it ended. */
class Heard {
  readonly stream: Duplex
  readonly chunks: Buffer[] = []
  ending = 'open'

  constructor(stream: Duplex) {
    this.stream = stream
    stream.on('data', (chunk: Buffer) => this.chunks.push(chunk))
    stream.on('error', ({ message }) => {
      this.ending = message
    })
    stream.on('close', () => {
      if (this.ending === 'open') this.ending = 'closed'
    })
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }
}

async function serve(bounds?: ConnectionLimits): Promise<Heard[]> {
  const accepted: Heard[] = []
  await network.carrier('child', bounds).listen(address, ({ stream }) => {
    accepted.push(new Heard(stream))
  })
  return accepted
}

/** Both ends of a new connection, made within `waitMs`. */
async function connect(waitMs = 0): Promise<{ near: Heard; far: Heard }> {
  const accepted = await serve()
  const dialling = network.carrier('parent').dial(address, never)
  await system.advance(waitMs)
  const near = new Heard((await dialling).stream)
  const [far] = accepted
  if (far === undefined) throw new Error('nobody was accepted')
  return { near, far }
}

describe('a faulty network without faults', () => {
  it('carries bytes both ways in the same ms, and ends both sides', async () => {
    const { near, far } = await connect()
    near.stream.write('there')
    far.stream.end('and back')
    await system.settle()
    expect([near.text, far.text]).toEqual(['and back', 'there'])
    expect([near.ending, far.ending]).toEqual(['closed', 'closed'])
    expect(system.now()).toBe(0)
    expect(network.openConnections).toBe(0)
    expect(network.counts).toMatchObject({ dials: 1, resets: 0, bytesLost: 0 })
  })

  it('holds the writer back while the reader does not read', async () => {
    const { near, far } = await connect()
    far.stream.pause()
    let written = 0
    for (let n = 0; n < 64; n++) near.stream.write(Buffer.alloc(64 * 1024), () => (written += 1))
    await system.settle()
    expect(written).toBeLessThan(16)
    far.stream.resume()
    await system.settle()
    expect(written).toBe(64)
  })

  it('keeps the bounds of its listeners', async () => {
    const accepted = await serve({ connectionsPerAddressMax: 1 })
    const carrier = network.carrier('parent')
    await carrier.dial(address, never)
    const second = new Heard((await carrier.dial(address, never)).stream)
    await system.settle()
    expect(accepted).toHaveLength(1)
    expect(second.ending).toBe('closed')
  })
})

describe('a faulty network', () => {
  it('delays what is sent, and keeps its order', async () => {
    weather({ delayMs: 50, jitterMs: 100 })
    const { near, far } = await connect(300)
    const start = system.now()
    for (let n = 0; n < 20; n++) near.stream.write(`${n},`)
    await system.advance(49)
    expect(far.text).toBe('')
    await system.advance(150)
    expect(far.text).toBe(Array.from({ length: 20 }, (_, n) => `${n},`).join(''))
    expect(system.now() - start).toBeLessThan(200)
  })

  it('cuts chunks and joins them, and changes no byte', async () => {
    weather({ pieceBytesMax: 40, jitterMs: 5 })
    const { near, far } = await connect(100)
    const sent = Buffer.from(Array.from({ length: 2_000 }, (_, n) => n))
    near.stream.write(sent.subarray(0, 1_000))
    near.stream.write(sent.subarray(1_000))
    await system.advance(1_000)
    expect(Buffer.concat(far.chunks).equals(sent)).toBe(true)
    expect(far.chunks.length).toBeGreaterThan(2)
  })

  it('stalls a piece, and all behind it, for as long as it may', async () => {
    weather({ stallChance: 1, stallMs: 5_000 })
    const { near, far } = await connect()
    near.stream.write('late')
    await system.settle()
    expect(far.text).toBe('')
    await system.advance(5_000)
    expect(far.text).toBe('late')
    expect(network.counts.stalls).toBe(1)
  })

  it('breaks a connection in the middle of what is on its way, and tells both sides', async () => {
    const lengths = new Set<number>()
    for (let seed = 1; seed <= 20; seed++) {
      weather({ delayMs: 10 }, seed)
      const { near, far } = await connect(100)
      near.stream.write('0123456789')
      network.cut()
      await system.advance(100)
      expect('0123456789'.startsWith(far.text)).toBe(true)
      expect(near.ending).toContain('ECONNRESET')
      expect(far.ending).toContain('ECONNRESET')
      expect(network.counts.bytesLost).toBe(10 - far.text.length)
      lengths.add(far.text.length)
    }
    // Nothing, a part, nearly all: another seed, another place.
    expect(lengths.size).toBeGreaterThan(4)
  })

  it('resets by chance', async () => {
    weather({ resetChance: 1 })
    const { near, far } = await connect()
    near.stream.write('perhaps not whole')
    await system.settle()
    expect('perhaps not whole'.startsWith(far.text)).toBe(true)
    expect([near.ending, far.ending]).toEqual([
      expect.stringContaining('ECONNRESET'),
      expect.stringContaining('ECONNRESET'),
    ])
    expect(network.counts.resets).toBe(1)
  })

  it('makes a connection half-open: nothing arrives, nobody is told', async () => {
    const { near, far } = await connect()
    network.freeze()
    near.stream.write('into the void')
    far.stream.destroy()
    await system.advance(1_000_000)
    expect(far.text).toBe('')
    expect(near.ending).toBe('open')
    near.stream.destroy()
    await system.settle()
    expect(network.openConnections).toBe(0)
  })

  it('makes one direction or both half-open by chance', async () => {
    const answered = new Set<boolean>()
    for (let seed = 1; seed <= 12; seed++) {
      network = new FaultyNetwork({ system, seed })
      const { near, far } = await connect()
      network.setFaults({ halfOpenChance: 1 })
      near.stream.write('lost')
      network.setFaults(noFaults)
      far.stream.write('answer')
      await system.settle()
      expect(far.text).toBe('')
      answered.add(near.text === 'answer')
    }
    expect(answered).toEqual(new Set([true, false]))
  })

  it('refuses dials, or never answers them, by chance', async () => {
    weather({ dialFailChance: 1 })
    await serve()
    const carrier = network.carrier('parent')
    await expect(carrier.dial(address, never)).rejects.toMatchObject({ code: 'DM_DIAL_FAILED' })
    network.setFaults({ dialLostChance: 1 })
    const controller = new AbortController()
    const dialling = carrier.dial(address, controller.signal)
    await system.advance(1_000_000)
    controller.abort(new Error('enough'))
    await expect(dialling).rejects.toThrow('enough')
    expect(network.counts).toMatchObject({ dials: 2, dialsFailed: 1, dialsLost: 1 })
  })

  it('gives a listener a connection that its dialer has given up', async () => {
    weather({ delayMs: 10 })
    const accepted = await serve()
    const controller = new AbortController()
    const dialling = network.carrier('parent').dial(address, controller.signal)
    await system.advance(15)
    expect(accepted).toHaveLength(1)
    controller.abort(new Error('too slow'))
    await expect(dialling).rejects.toThrow('too slow')
    await system.advance(10)
    expect(accepted[0]?.ending).toBe('closed')
    expect(network.openConnections).toBe(0)
    expect(system.pendingTimers).toBe(0)
  })
})

describe('a partition', () => {
  it('holds up both directions until it is healed; nothing is lost', async () => {
    const { near, far } = await connect()
    network.partition('parent', 'child')
    near.stream.write('a')
    far.stream.write('b')
    await system.advance(60_000)
    expect([near.text, far.text]).toEqual(['', ''])
    network.healAll()
    await system.settle()
    expect([near.text, far.text]).toEqual(['b', 'a'])
  })

  it('may hold up one direction alone', async () => {
    const { near, far } = await connect()
    network.partition('parent', 'child', { oneWay: true })
    near.stream.write('a')
    far.stream.write('b')
    await system.advance(60_000)
    expect([near.text, far.text]).toEqual(['b', ''])
    network.heal('child', 'parent')
    await system.settle()
    expect(far.text).toBe('a')
  })

  it('does not touch other hosts', async () => {
    await serve()
    network.partition('parent', 'child')
    const other = await network.carrier('other').dial(address, never)
    expect(other.stream.destroyed).toBe(false)
  })

  it('lets a dial wait, which goes through when it is healed', async () => {
    await serve()
    network.partition('parent', 'child')
    let isThrough = false
    const dialling = network.carrier('parent').dial(address, never)
    void dialling.then(() => {
      isThrough = true
    })
    await system.advance(60_000)
    expect(isThrough).toBe(false)
    network.heal('parent', 'child')
    await dialling
  })

  it('does not let the end of a connection through either', async () => {
    const { near, far } = await connect()
    network.partition('parent', 'child')
    near.stream.destroy()
    await system.advance(60_000)
    expect(far.ending).toBe('open')
    network.calm()
    await system.settle()
    expect(far.ending).toBe('closed')
  })
})

/** Everything that was heard and when, as one number. */
async function fingerprint(seed: number): Promise<string> {
  system = new VirtualSystem(seed)
  weather({ delayMs: 5, jitterMs: 40, pieceBytesMax: 30, stallChance: 0.1, stallMs: 90 }, seed)
  const { near, far } = await connect(500)
  const hash = createHash('sha256')
  const note = (side: string) => (chunk: Buffer) =>
    hash.update(`${side} ${system.now()} ${chunk.toString()};`)
  near.stream.on('data', note('near'))
  far.stream.on('data', note('far'))
  for (let n = 0; n < 50; n++) {
    near.stream.write(`ping ${n} `.repeat(9))
    far.stream.write(`pong ${n} `.repeat(9))
    await system.advance(20)
  }
  network.cut()
  await system.advance(1_000)
  return hash.update(JSON.stringify(network.counts)).digest('hex')
}

describe('a seed', () => {
  it('replays the same run, and another seed is another run', async () => {
    const first = await fingerprint(17)
    expect(await fingerprint(17)).toBe(first)
    expect(await fingerprint(18)).not.toBe(first)
    expect(network.seed).toBe(18)
  })

  it('gives faults of every kind and strength', () => {
    const random = seededRandom(1)
    const all = Array.from({ length: 100 }, () => randomFaults(random))
    for (const name of Object.keys(noFaults) as (keyof Faults)[]) {
      const values = all.map((faults) => faults[name])
      expect(values.some((value) => value > 0)).toBe(true)
      if (name !== 'stallMs') expect(values.some((value) => value === 0)).toBe(true)
    }
  })
})

describe('faults', () => {
  it.each([
    ['resetChance', 1.1],
    ['stallChance', -0.1],
    ['dialLostChance', Number.NaN],
    ['delayMs', -1],
    ['pieceBytesMax', Number.POSITIVE_INFINITY],
    ['delayMs', '5'],
  ])('are refused when %s is %o', (name, value) => {
    expect(() => network.setFaults({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'DM_OPTION_VALUE', path: name }),
    )
  })

  it('are refused when they do not exist', () => {
    const wrong: Record<string, number> = { lossRate: 1 }
    expect(() => new FaultyNetwork({ system, seed: 1, faults: wrong })).toThrow(
      expect.objectContaining({ code: 'DM_OPTION_UNKNOWN' }),
    )
  })
})
