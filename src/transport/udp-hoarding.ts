/**
 * Whether a peer makes udx keep more than it may. Pure.
 *
 * udx keeps packets that come before their turn, however many there are, and says only how many
 * packets came in all. Those of an honest peer are nearly all accounted for: a packet with data is
 * delivered, once, and a packet without is there to confirm what we have sent. What remains is on
 * its way, lost, or repeated, and that is little.
 */
import { limits } from '../limits.js'

export interface PacketCounts {
  /** Of all packets that came, their headers (20 bytes each) included. */
  readonly bytesReceived: number
  readonly packetsReceived: number
  /** Of those with data whose turn has come. */
  readonly bytesDelivered: number
  readonly packetsDelivered: number
  /** How much we gave udx to send, and in how many writes. */
  readonly bytesSent: number
  readonly writesSent: number
}

const headerBytes = 20

/** The smallest packets that udx fills when there is enough to fill them. */
const packetBytesMin = 1_000

/** A confirmation lists the gaps, in at most so many bytes. */
const confirmationBytesMax = 512

export function hoardsPackets(counts: PacketCounts): boolean {
  const { bytesDelivered, packetsDelivered } = counts
  // Each may have been sent twice, and each time be confirmed.
  const confirmations = 2 * (counts.writesSent + counts.bytesSent / packetBytesMin)
  const payload = counts.bytesReceived - headerBytes * counts.packetsReceived
  const bytesAllowed =
    limits.udpUndeliveredBytesMax + bytesDelivered + confirmations * confirmationBytesMax
  const packetsAllowed = limits.udpUndeliveredPacketsMax + packetsDelivered + confirmations
  return (
    payload - bytesDelivered > bytesAllowed ||
    counts.packetsReceived - packetsDelivered > packetsAllowed
  )
}
