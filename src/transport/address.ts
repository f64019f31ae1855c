/** Addresses as people and counters want them. */
import { isIPv6 } from 'node:net'
import type { CarrierAddress } from './carrier.js'

/** `10.0.0.1:8379`, `[fe80::1%eth0]:8379`, `bot.example:8379`. */
export function formatAddress(address: CarrierAddress): string {
  const host = isIPv6(address.host) ? `[${address.host}]` : address.host
  return `${host}:${address.port}`
}

const mappedPrefix = '::ffff:'

/**
 * The one spelling of a peer's address: a socket that listens on `::` reports IPv4 peers as
 * `::ffff:10.0.0.1` (RFC 4291, 2.5.5.2), which must count as the same address as `10.0.0.1`.
 */
export function plainHost(host: string): string {
  const lower = host.toLowerCase()
  const isMapped = lower.startsWith(mappedPrefix) && lower.includes('.')
  return isMapped ? lower.slice(mappedPrefix.length) : lower
}

/** The address without the zone (`fe80::1%eth0` is `fe80::1`): a zone means something only here. */
export function withoutZone(host: string): string {
  const zoneAt = host.indexOf('%')
  return zoneAt === -1 ? host : host.slice(0, zoneAt)
}

/**
 * What counts as one address where connections are counted: an IPv4 address, or the first 64 bits of
 * an IPv6 address, as whoever has one of these has all 2^64 of them (RFC 6177).
 */
export function addressGroup(host: string): string {
  const plain = withoutZone(plainHost(host))
  if (!isIPv6(plain)) return plain
  const [left = '', right = ''] = plain.split('::')
  const [head, tail] = [hextets(left), hextets(right)]
  const zeros = Math.max(0, 8 - head.length - tail.length)
  const whole = [...head, ...Array.from({ length: zeros }, () => 0), ...tail]
  const network = whole.slice(0, 4).map((hextet) => hextet.toString(16))
  return `${network.join(':')}::/64`
}

function hextets(part: string): number[] {
  if (part === '') return []
  return part.split(':').flatMap((text) => {
    // The last 32 bits may be written as an IPv4 address; only their number matters here.
    return text.includes('.') ? [0, 0] : [Number.parseInt(text, 16)]
  })
}
