/**
 * A udx stream as a Node stream that keeps to the carriers' contract.
 *
 * udx alone does not do: its receiving side reads without end, so a peer that sends faster than we
 * read would fill the memory; here the records of `udp-records.ts` hold it back. Its `destroy` drops
 * what is on its way and tells the peer in one packet that may get lost; here what was written is
 * seen through for a short while. And TLS stalls on a stream that is not one of Node's.
 */
import { Duplex } from 'node:stream'
import { MachinesError, toError } from '../errors.js'
import { limits } from '../limits.js'
import type { Cancel, System } from '../system/system.js'
import { hoardsPackets, type PacketCounts } from './udp-hoarding.js'
import { encodeCredit, encodeData, encodeEnd, RecordDecoder } from './udp-records.js'
import type { UdxStream } from './udx.js'

type Callback = (error?: Error | null) => void

/** A read chunk's worth: what Node buffers on top of the window while nobody reads. */
const highWaterMark = 64 * 1024

/** Longest record; a long write is handed to udx piece by piece. */
const recordBytesMax = 64 * 1024

/** Room is reported in quarters of the window: often enough to keep the peer going. */
const creditBytesMin = limits.udpWindowBytes / 4

/** How often a peer is looked at that may send packets out of order without end. */
const guardEveryMs = 250

export class UdpStream extends Duplex {
  readonly #udx: UdxStream
  readonly #system: System
  readonly #decoder = new RecordDecoder()
  /** Bytes that the peer may still send. */
  #mayReceive: number = limits.udpWindowBytes
  /** Bytes that the peer has room for. */
  #maySend: number = limits.udpWindowBytes
  /** The write that waits for room, at the peer or in udx. */
  #writing: { rest: Uint8Array; readonly callback: Callback } | undefined
  #udxIsFull = false
  #peerHasEnded = false
  #isGone = false
  #bytesDelivered = 0
  #packetsDelivered = 0
  #bytesSent = 0
  #writesSent = 0
  #cancelGuard: Cancel = () => {}
  #cancelLinger: Cancel = () => {}

  /** @param udx is connected, and belongs to this stream from now on. */
  constructor(udx: UdxStream, system: System) {
    super({ allowHalfOpen: false, highWaterMark })
    this.#udx = udx
    this.#system = system
    udx.on('data', (bytes: Uint8Array) => this.#onData(bytes))
    udx.on('end', () => this.#onEnd())
    udx.on('drain', () => this.#onDrain())
    udx.on('error', (error: Error) => this.#onError(error))
    udx.on('close', () => this.#onGone())
    this.#guard()
  }

  override _read(): void {
    this.#giveCredit()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#writing = { rest: chunk, callback }
    this.#pump()
  }

  override _final(callback: Callback): void {
    // A record, since the udx stream must go on: until the peer ends too, we tell it of room.
    this.#send(encodeEnd())
    callback()
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#cancelGuard()
    this.#writing = undefined
    const done = () => {
      this.#cancelLinger()
      callback(error)
    }
    if (this.#isGone) {
      done()
      return
    }
    this.#udx.once('close', done)
    if (error === null) this.#linger()
    else this.#udx.destroy()
  }

  /** Hands over as much as the peer and udx have room for; the write is done when all of it is. */
  #pump(): void {
    const writing = this.#writing
    if (writing === undefined) return
    if (this.#isGone || this.#udx.destroying) {
      this.#writing = undefined
      writing.callback(brokenPipe())
      return
    }
    while (writing.rest.length > 0) {
      if (this.#udxIsFull || this.#maySend === 0) return
      const piece = writing.rest.subarray(0, Math.min(this.#maySend, recordBytesMax))
      writing.rest = writing.rest.subarray(piece.length)
      this.#maySend -= piece.length
      // A copy: udx needs its bytes until the peer has confirmed them, the writer gets his back.
      this.#udxIsFull = !this.#send(encodeData(piece))
    }
    if (this.#udxIsFull) return
    this.#writing = undefined
    writing.callback()
  }

  #send(record: Uint8Array): boolean {
    this.#bytesSent += record.length
    this.#writesSent += 1
    return this.#udx.write(record)
  }

  #onDrain(): void {
    this.#udxIsFull = false
    this.#pump()
  }

  #onData(bytes: Uint8Array): void {
    this.#bytesDelivered += bytes.length
    this.#packetsDelivered += 1
    if (this.destroyed) return
    try {
      for (const record of this.#decoder.read(bytes)) {
        if (record.kind === 'data') this.#onBytes(record.bytes)
        else if (record.kind === 'credit') this.#onCredit(record.count)
        else this.#onEnd()
      }
    } catch (violation) {
      this.destroy(toError(violation))
    }
  }

  #onBytes(bytes: Uint8Array): void {
    this.#mayReceive -= bytes.length
    if (this.#mayReceive < 0) {
      throw new MachinesError('DM_FRAME_INVALID', 'the peer sends more than there is room for')
    }
    this.push(bytes)
    this.#giveCredit()
  }

  #onCredit(count: number): void {
    this.#maySend += count
    if (this.#maySend > limits.udpWindowBytes) {
      throw new MachinesError('DM_FRAME_INVALID', 'the peer has more room than a window')
    }
    this.#pump()
  }

  /** What was read since the last time is room for the peer. */
  #giveCredit(): void {
    const room = limits.udpWindowBytes - this.#mayReceive - this.readableLength
    if (room < creditBytesMin || this.destroyed || this.#udx.destroying) return
    this.#mayReceive += room
    this.#send(encodeCredit(room))
  }

  /** By a record, or because the peer has destroyed its side. */
  #onEnd(): void {
    if (this.#peerHasEnded) return
    this.#peerHasEnded = true
    this.push(null)
  }

  #onError(error: Error): void {
    // After its end nothing more was to come; what was read by then must still be delivered.
    if (!this.#peerHasEnded) this.destroy(error)
  }

  #onGone(): void {
    this.#isGone = true
    this.#cancelGuard()
    if (this.#peerHasEnded) this.#pump()
    else this.destroy(connectionReset())
  }

  /**
   * Sees what was written through: until the peer has confirmed it, or a while is over. TCP does the
   * same in the kernel. The end that udx has of its own is not used: a stream that has ended both
   * ways cannot be destroyed, and waits 13 s for a peer that is gone.
   */
  #linger(): void {
    const cut = () => this.#udx.destroy()
    if (!this.writableFinished) this.#send(encodeEnd())
    this.#cancelLinger = this.#system.setTimer(limits.udpLingerMs, cut)
    void this.#udx.flush().then(cut, cut)
  }

  #guard(): void {
    this.#cancelGuard = this.#system.setTimer(guardEveryMs, () => {
      if (!hoardsPackets(this.#packetCounts)) {
        this.#guard()
        return
      }
      const what = 'the peer sends packets out of order without end'
      this.destroy(new MachinesError('DM_FRAME_INVALID', what))
    })
  }

  get #packetCounts(): PacketCounts {
    return {
      bytesReceived: this.#udx.bytesReceived,
      packetsReceived: this.#udx.packetsReceived,
      bytesDelivered: this.#bytesDelivered,
      packetsDelivered: this.#packetsDelivered,
      bytesSent: this.#bytesSent,
      writesSent: this.#writesSent,
    }
  }
}

function connectionReset(): Error {
  return Object.assign(new Error('the other side broke the connection'), { code: 'ECONNRESET' })
}

function brokenPipe(): Error {
  return Object.assign(new Error('the connection is gone'), { code: 'EPIPE' })
}
