/** One end of a UDP connection without our rules: a peer that does what it likes. */

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { vi } from 'vitest'
import { realSystem, type System } from '../../src/system/system.js'
import { UdpStream } from '../../src/transport/udp-stream.js'
import { loadUdx, type UdxStream } from '../../src/transport/udx.js'

const [nearId, farId] = [11, 22]

export interface LopsidedPair {
  readonly stream: UdpStream
  /** What it speaks to. */
  readonly bare: UdxStream
  readonly undo: () => Promise<void>
}

/** A `UdpStream`, and at its other end a stream of udx as it comes. */
export async function lopsidedPair(system: System = realSystem): Promise<LopsidedPair> {
  const Udx = await loadUdx()
  const [near, far] = [new Udx(), new Udx()]
  const [nearSocket, farSocket] = [near.createSocket(), far.createSocket()]
  nearSocket.bind(0, '127.0.0.1')
  farSocket.bind(0, '127.0.0.1')
  const [nearStream, bare] = [near.createStream(nearId), far.createStream(farId)]
  nearStream.connect(nearSocket, farId, farSocket.address()?.port ?? 0, '127.0.0.1')
  bare.connect(farSocket, nearId, nearSocket.address()?.port ?? 0, '127.0.0.1')
  const stream = new UdpStream(nearStream, system)
  stream.on('error', () => {})
  bare.on('error', () => {})
  return {
    stream,
    bare,
    async undo() {
      bare.destroy()
      stream.destroy(new Error('the test is over'))
      await Promise.all([nearSocket.close(), farSocket.close()])
    },
  }
}

/** A peer that writes its packets itself; their format is that of udx, version 1. */
export interface PacketPeer {
  readonly stream: UdpStream
  /** Sends one data packet, in order or not. */
  data(sequence: number, bytes: Uint8Array): Promise<void>
  readonly undo: () => Promise<void>
}

export async function packetPeer(system: System = realSystem): Promise<PacketPeer> {
  const Udx = await loadUdx()
  const udx = new Udx()
  const socket = udx.createSocket()
  socket.bind(0, '127.0.0.1')
  const peer: Socket = createSocket('udp4')
  peer.bind(0, '127.0.0.1')
  await once(peer, 'listening')
  const udxStream = udx.createStream(nearId)
  udxStream.connect(socket, farId, peer.address().port, '127.0.0.1')
  const stream = new UdpStream(udxStream, system)
  stream.on('error', () => {})
  const target = socket.address()?.port ?? 0
  return {
    stream,
    async data(sequence, bytes) {
      const header = Buffer.from([255, 1, 1, 0, ...new Uint8Array(16)])
      header.writeUInt32LE(nearId, 4)
      header.writeUInt32LE(2 ** 22, 8)
      header.writeUInt32LE(sequence, 12)
      // A turn for the receiver as well, as sending does not give it one.
      await new Promise((sent) => {
        peer.send(Buffer.concat([header, bytes]), target, '127.0.0.1', () => setImmediate(sent))
      })
    },
    async undo() {
      stream.destroy(new Error('the test is over'))
      await vi.waitUntil(() => stream.closed)
      await socket.close()
      peer.close()
    },
  }
}
