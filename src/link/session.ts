/**
 * What lets a link outlive its connection: own messages that are kept until the peer has confirmed
 * them, and the peer's messages in their order. After a reconnect both sides say how many parts of
 * messages they have received, and sending goes on from there: in order, none lost, none twice.
 */
import { limits } from '../limits.js'
import { Inbox, type InboxBounds } from './inbox.js'
import { Outbox } from './outbox.js'

export interface SessionBounds extends InboxBounds {
  /** Bytes of unconfirmed messages, each with messageOverheadBytes on top. */
  readonly bufferBytesMax: number
}

export class Session {
  readonly outbox: Outbox
  readonly inbox: Inbox

  constructor({
    bufferBytesMax = limits.sessionBufferBytesMax,
    ackEveryMessages = limits.ackEveryMessages,
    ackEveryBytes = limits.ackEveryBytes,
  }: Partial<SessionBounds> = {}) {
    this.outbox = new Outbox(bufferBytesMax)
    this.inbox = new Inbox({ ackEveryMessages, ackEveryBytes })
  }

  /** A new connection, in whose handshake both sides have said what they have. */
  resume(receivedByPeer: number): void {
    this.outbox.resume(receivedByPeer)
    this.inbox.told()
  }
}
