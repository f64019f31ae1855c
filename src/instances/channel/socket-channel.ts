/** The local channel on a socket pair: processes and clusters, both sides. */
import type { Socket } from 'node:net'
import { type ByteCarrier, type CarrierEvents, FrameChannel } from './frame-channel.js'
import { bytesOfAll, encodeFrames, layFrames } from './frame-codec.js'
import type { InstanceChannel } from './instance-channel.js'
import { boardBytes, WriteBoard } from './write-board.js'

/** File descriptor of the socket pair inside an instance; 0 to 2 are stdio, 3 is Node's own ipc. */
export const channelFd = 4

/** Of all channels of this process: what one writes is mostly gone before the next one does. */
const board = new WriteBoard()

function carry(socket: Socket, events: CarrierEvents): ByteCarrier {
  let fault: Error | undefined
  socket.on('data', (chunk: Buffer) => events.data(chunk))
  socket.on('error', (error) => {
    fault = error
  })
  socket.on('close', () => events.close(fault))
  return {
    write(frames) {
      const bytes = bytesOfAll(frames)
      if (bytes <= boardBytes) {
        socket.write(layFrames(frames, board.take(bytes, socket)))
        return
      }
      // Corked chunks leave in one writev.
      socket.cork()
      for (const chunk of encodeFrames(frames)) socket.write(chunk)
      socket.uncork()
    },
    backlogBytes: () => socket.writableLength,
    end: () => socket.end(),
    destroy: () => socket.destroy(),
    ref: () => socket.ref(),
    unref: () => socket.unref(),
  }
}

/** Takes over the socket; errors of it end the channel and are never thrown. */
export function socketChannel(socket: Socket): InstanceChannel {
  return new FrameChannel((events) => carry(socket, events))
}
