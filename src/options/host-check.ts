/** Hosts: IPv4, IPv6 (also with a zone, also in brackets) and host names. */
import { isIP, isIPv6 } from 'node:net'
import { type Check, integer } from './checks.js'

const portMax = 65_535

/** RFC 1035 section 2.3.4, written out; the zone of an IPv6 address could be longer, too. */
const hostCharsMax = 253

/** The port of the user's guide, where none is given. */
export const defaultPort = 8379

/** A port to dial. */
export const port: Check<number> = integer(1, portMax)

/** A port to listen on; 0 lets the system choose. */
export const listenPort: Check<number> = integer(0, portMax)

/** An address or name of a machine, brackets taken off. */
export const host: Check<string> = {
  allowed: 'an IPv4 address, an IPv6 address or a host name',
  read(given, at) {
    if (typeof given !== 'string') return at.expected('DM_OPTION_TYPE', this.allowed, given)
    const bare = /^\[(.*)\]$/.exec(given)?.[1]
    if (bare !== undefined && isIPv6(bare)) return this.read(bare, at)
    const fits = given.length <= hostCharsMax && (isIP(given) !== 0 || isHostName(given))
    if (fits) return given
    return at.expected('DM_OPTION_VALUE', this.allowed, given, hostHint(given))
  },
}

/**
 * RFC 1123 section 2.1, and underscores, because names that Docker gives have them. A name whose
 * last label is a number would be a broken IPv4 address to every resolver.
 */
function isHostName(name: string): boolean {
  const labels = name.replace(/\.$/, '').split('.')
  const lastIsNumber = /^\d+$/.test(labels.at(-1) ?? '')
  return (
    !lastIsNumber && labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))
  )
}

function hostHint(given: string): string {
  if (given.includes('://')) return '; give the host alone, without a scheme'
  const withPort = /^(?:\[.*\]|[^:]*):\d+$/.test(given)
  return withPort ? '; give the port in its own option' : ''
}

/** `host:port` for people, and as the name of a point that has none. */
export function formatAddress(address: { readonly host: string; readonly port: number }): string {
  const shown = isIPv6(address.host) ? `[${address.host}]` : address.host
  return `${shown}:${address.port}`
}

/** The same text for every spelling of one address, to find points that are given twice. */
export function canonicalAddress(address: {
  readonly host: string
  readonly port: number
}): string {
  const [literal = '', zone] = address.host.split('%')
  // The URL parser shortens IPv6 addresses in the one way of RFC 5952; it takes no zones.
  const name = isIPv6(literal) ? new URL(`http://[${literal}]`).hostname : address.host
  return formatAddress({
    host: (zone === undefined ? name : `${name}%${zone}`).toLowerCase().replace(/\.$/, ''),
    port: address.port,
  })
}
