import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Encoder } from '../../../src/link/codec/encoder.js'
import { encodePreface } from '../../../src/link/codec/preface.js'
import { Connection, type ConnectionUser } from '../../../src/link/connection.js'
import { realSystem } from '../../../src/system/system.js'

const turn = () => new Promise(setImmediate)

/** A stream whose other end is the test: what was written, and chunks that come when it says so. */
class Wire extends Duplex {
  readonly written: number[] = []

  override _read(): void {}

  override _write(chunk: Uint8Array, _: BufferEncoding, done: () => void): void {
    this.written.push(chunk.length)
    done()
  }
}

function ackFrames(count: number): Buffer {
  const encoder = new Encoder()
  for (let index = 0; index < count; index += 1) encoder.frame('ACK', new Uint8Array(8))
  return Buffer.concat(encoder.take())
}

/** A connection that is through with its handshake, and how many frames have come over it. */
function opened() {
  const wire = new Wire()
  const connection = new Connection(wire, realSystem)
  const heard = { frames: 0, closed: 0 }
  const user: ConnectionUser = {
    heard() {},
    receive: ({ kind }) => {
      if (kind === 'frame') heard.frames += 1
    },
    failed() {},
    drained() {},
    closed: () => {
      heard.closed += 1
    },
  }
  connection.start(user)
  connection.open(user)
  return { wire, connection, heard }
}

describe('a connection', () => {
  it('reads many frames in several turns, so that others have theirs in between', async () => {
    const { wire, heard } = opened()
    wire.push(encodePreface({ min: 1, max: 1 }).bytes)
    await turn()
    for (let chunk = 0; chunk < 8; chunk += 1) wire.push(ackFrames(150))
    const seen: number[] = []
    while (heard.frames < 1_200) {
      await turn()
      seen.push(heard.frames)
    }
    expect(new Set(seen).size).toBeGreaterThan(2)
  })

  it('reads on to the end after such a pause, and tells of it once', async () => {
    const { wire, heard } = opened()
    wire.push(encodePreface({ min: 1, max: 1 }).bytes)
    wire.push(ackFrames(300))
    wire.push(ackFrames(300))
    wire.push(null)
    await new Promise((resolve) => wire.once('close', resolve))
    expect(heard).toEqual({ frames: 600, closed: 1 })
  })

  it('may be cut while it pauses', async () => {
    const { wire, heard } = opened()
    wire.push(encodePreface({ min: 1, max: 1 }).bytes)
    wire.push(ackFrames(300))
    wire.push(ackFrames(300))
    wire.once('pause', () => wire.destroy())
    await new Promise((resolve) => wire.once('close', resolve))
    await turn()
    expect(heard).toEqual({ frames: 300, closed: 1 })
  })

  it('writes at the end of a turn, and sooner once there is enough for a write', async () => {
    const { wire, connection } = opened()
    connection.send('DATA', new Uint8Array(12), new Uint8Array(1_000))
    connection.send('DATA', new Uint8Array(12), new Uint8Array(1_000))
    expect(wire.written).toEqual([])
    await turn()
    expect(wire.written).toEqual([2 * 1_017])
    for (let count = 0; count < 9; count += 1) {
      connection.send('DATA', new Uint8Array(12), new Uint8Array(1_000))
    }
    expect(wire.written).toEqual([2 * 1_017, 9 * 1_017])
  })

  it('writes small frames in pieces of which the other side has one while the next is made', async () => {
    const { wire, connection } = opened()
    for (let count = 0; count < 64; count += 1) connection.send('ACK', new Uint8Array(8))
    expect(wire.written).toEqual([24 * 13, 24 * 13])
    await turn()
    expect(wire.written).toEqual([24 * 13, 24 * 13, 16 * 13])
  })
})
