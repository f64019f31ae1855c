/**
 * An endpoint is anything that can ask or answer: an instance, or a manager. On the wire it is one
 * unsigned 32-bit number, so that a hub forwards by comparing integers.
 */

export type Endpoint = number

/** The parent manager, or the only manager in a local mode. */
export const parentEndpoint: Endpoint = 0xffff_ffff

const managerBit = 0x8000_0000

/**
 * The highest index of a machine that an endpoint can name. Indexes are not used twice, so over the
 * life of a parent they may get far higher than limits.pointsMax.
 */
export const machineIndexMax = 0x7fff_fffe

/** The child manager of the machine with this index (the position of its point). */
export function managerEndpoint(machineIndex: number): Endpoint {
  return (managerBit | machineIndex) >>> 0
}

/** The instance with this id, when the endpoint is one. */
export function isInstance(endpoint: Endpoint): boolean {
  return endpoint < managerBit
}

/** Index of the machine whose manager this is; undefined for instances and the parent. */
export function machineIndexOf(endpoint: Endpoint): number | undefined {
  if (endpoint < managerBit || endpoint === parentEndpoint) return undefined
  return (endpoint & ~managerBit) >>> 0
}
