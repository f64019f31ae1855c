/**
 * The local channel on a MessagePort: workers, both sides.
 *
 * A port tells nobody how much waits at its other end, so a worker that does not read would fill
 * the memory of its manager. Each side therefore confirms the bytes it has taken: a message is
 * either bytes of the frame stream or a number, the count of bytes confirmed.
 */
import type { MessagePort } from 'node:worker_threads'
import { type ByteCarrier, type CarrierEvents, FrameChannel } from './frame-channel.js'
import { bytesOfAll, layFrames } from './frame-codec.js'
import type { InstanceChannel } from './instance-channel.js'

/**
 * Property of the one message that hands the port to the preload. A string: structured clone drops
 * symbols.
 */
export const portMarker = 'discordoo-machines.channel-port'

/** Confirming every message would double their number; this is far below the backlog limit. */
const confirmEveryBytes = 1024 * 1024

/** Giving memory away has a price, which is above that of copying a few KiB. */
const giveAwayBytesMin = 8 * 1024

function carry(port: MessagePort, events: CarrierEvents): ByteCarrier {
  let unconfirmed = 0
  let taken = 0
  port.on('message', (message: unknown) => {
    if (typeof message === 'number') {
      unconfirmed -= message
      return
    }
    if (!(message instanceof Uint8Array)) return
    taken += message.length
    if (taken >= confirmEveryBytes) {
      port.postMessage(taken)
      taken = 0
    }
    events.data(message)
  })
  port.on('close', () => events.close())
  return {
    write(frames) {
      // Posting a view would clone the whole buffer it looks at, so each has memory of its own.
      const chunk = layFrames(frames, new Uint8Array(bytesOfAll(frames)))
      unconfirmed += chunk.length
      port.postMessage(chunk, chunk.length < giveAwayBytesMin ? [] : [chunk.buffer])
    },
    backlogBytes: () => unconfirmed,
    end: () => port.close(),
    destroy: () => port.close(),
    ref: () => port.ref(),
    unref: () => port.unref(),
  }
}

/** Takes over the port. */
export function portChannel(port: MessagePort): InstanceChannel {
  return new FrameChannel((events) => carry(port, events))
}
