import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { hoardsPackets, type PacketCounts } from '../../../src/transport/udp-hoarding.js'

const nothing: PacketCounts = {
  bytesReceived: 0,
  packetsReceived: 0,
  bytesDelivered: 0,
  packetsDelivered: 0,
  bytesSent: 0,
  writesSent: 0,
}

/** Counts after so many packets with so much data each, of which the given share was delivered. */
function received(packets: number, payload: number, delivered = 0): PacketCounts {
  return {
    ...nothing,
    packetsReceived: packets,
    bytesReceived: packets * (payload + 20),
    packetsDelivered: packets * delivered,
    bytesDelivered: packets * payload * delivered,
  }
}

describe('hoardsPackets', () => {
  it('finds large packets that never get their turn', () => {
    const some = Math.floor(limits.udpUndeliveredBytesMax / 1_400)
    expect(hoardsPackets(received(some, 1_400))).toBe(false)
    expect(hoardsPackets(received(some + 1, 1_400))).toBe(true)
  })

  it('finds small ones too, though there is nothing in them', () => {
    expect(hoardsPackets(received(limits.udpUndeliveredPacketsMax, 1))).toBe(false)
    expect(hoardsPackets(received(limits.udpUndeliveredPacketsMax + 1, 1))).toBe(true)
  })

  it('has nothing against packets that were delivered, each sent twice', () => {
    expect(hoardsPackets(received(2_000_000, 1_400, 0.5))).toBe(false)
    expect(hoardsPackets(received(2_000_000, 14, 0.5))).toBe(false)
    expect(hoardsPackets(received(2_000_000, 1_400, 0.4))).toBe(true)
  })

  it('has nothing against confirmations of what was sent', () => {
    const writesSent = 1_000_000
    const small = { writesSent, bytesSent: writesSent * 10 }
    // One with a long list of gaps for each packet.
    expect(hoardsPackets({ ...received(writesSent, 400), ...small })).toBe(false)
    const large = { writesSent: 1_000, bytesSent: writesSent * 1_100 }
    expect(hoardsPackets({ ...received(writesSent, 400), ...large })).toBe(false)
    expect(hoardsPackets(received(writesSent, 400))).toBe(true)
  })
})
