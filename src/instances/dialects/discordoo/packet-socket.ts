/** The seam to the socket that a discordoo bot listens on: packets in, frames out. */
import type { Frame } from './packets.js'

/** What a socket reports; each comes in a later turn than the call that led to it. */
export interface PacketSocketEvents {
  /** A dial reached the bot. */
  open(): void
  /** A dial failed, or the connection is gone. Not after `close()`. */
  closed(): void
  /** Something came that claims to be a packet. */
  packet(packet: unknown): void
  /** A frame beyond limits.channelFrameBytesMax was skipped. */
  tooLong(eventId: string | undefined): void
}

export interface PacketSocket {
  /** Tries to reach the bot once: `open` or `closed` follows. Only while there is no connection. */
  dial(): void
  /** Hands over a frame; what is sent without a connection, or to one that breaks, is lost. */
  send(frame: Frame): void
  /** Ends everything for good, and removes what a killed bot leaves on the disk. */
  close(): void
}

/** `path`: of the socket file. */
export type OpenPacketSocket = (path: string, events: PacketSocketEvents) => PacketSocket
