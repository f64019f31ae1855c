/** Options of one point: where a parent reaches a machine, and what the machine is to run. */
import { isIP } from 'node:net'
import type { ShardRanges } from '../allocator/plan-types.js'
import {
  formatRanges,
  type ShardSelection,
  selectionToRanges,
  sizeOf,
  spellOut,
} from '../allocator/shard-lists.js'
import { limits } from '../limits.js'
import { type Check, mapped, oneOf } from './checks.js'
import { type ChildManager, childManagerOptions } from './child-manager-options.js'
import { count, shardsOrNone } from './common-fields.js'
import { canonicalAddress, defaultPort, formatAddress, host, port } from './host-check.js'
import { object, optional, required, withDefault } from './object-check.js'
import type { Place } from './place.js'
import type { ResolvedPoint, ResolvedTls } from './resolved-options.js'
import { defaultTls, tls } from './tls-options.js'

type Udp = ResolvedPoint['udp']

const udp = oneOf(['udp4', 'udp6'])

const machineName: Check<string> = {
  allowed: `a name of 1 to ${limits.machineNameCharsMax} printable characters`,
  read(given, at) {
    if (typeof given !== 'string') return at.expected('DM_OPTION_TYPE', this.allowed, given)
    const printable = /^[^\p{C}\p{Z}](?:[^\p{C}\p{Zl}\p{Zp}]*[^\p{C}\p{Z}])?$/u
    const fits = given.length <= limits.machineNameCharsMax && printable.test(given)
    return fits ? given : at.expected('DM_OPTION_VALUE', this.allowed, given)
  },
}

const weight: Check<number> = {
  allowed: `a number from ${1 / limits.weightMax} to ${limits.weightMax}`,
  read(given, at) {
    if (typeof given !== 'number') return at.expected('DM_OPTION_TYPE', this.allowed, given)
    const fits = given >= 1 / limits.weightMax && given <= limits.weightMax
    return fits ? given : at.expected('DM_OPTION_VALUE', this.allowed, given)
  },
}

interface GivenPoint {
  readonly host: string
  readonly port: number
  readonly udp: Udp
  readonly name: string | undefined
  readonly shards: ShardSelection | undefined
  readonly shardsPerInstance: number | undefined
  readonly weight: number | undefined
  readonly maxShards: number | undefined
  readonly tls: ResolvedTls | false | undefined
  readonly childManagerOptions: ChildManager
}

const nothingPushed: ChildManager = {
  shards: undefined,
  shardsPerInstance: undefined,
  pushed: { mode: 'processes' },
}

const forAll = 'it is the same for all machines; give it in machines'
const toChild = 'it is told to the machine; give it in childManagerOptions'

const pointShape = object<GivenPoint>(
  {
    host: required(host),
    port: withDefault(port, defaultPort),
    udp: optional(udp),
    name: optional(machineName),
    shards: optional(shardsOrNone),
    shardsPerInstance: optional(count),
    weight: optional(weight),
    maxShards: optional(count),
    tls: optional(tls),
    childManagerOptions: withDefault(childManagerOptions, nothingPushed),
  },
  {
    misplaced: {
      mode: toChild,
      file: toChild,
      processes: toChild,
      workers: toChild,
      clusters: toChild,
      secret: 'one secret serves all machines; give it in machines',
      onMachineLost: forAll,
      leaseMs: forAll,
    },
    aliases: {
      networkHost: 'host',
      networkPort: 'port',
      address: 'host',
      options: 'childManagerOptions',
    },
  },
)

/** A checked point, its shards not spelled out before it is known that no two points share any. */
export interface Point {
  readonly name: string
  /** The same for two points that lead to one address. */
  readonly address: string
  /** Path of the option that holds the shards. */
  readonly shardsPath: string
  readonly ranges: ShardRanges
  finish(parentTls: ResolvedTls | false | undefined): ResolvedPoint
}

export const point: Check<Point> = mapped(pointShape, (given, at) => {
  refuseOtherFamily(given, at)
  const { childManagerOptions: child } = given
  const selection = either(
    { name: 'shards', inPoint: given.shards, inChild: child.shards, same: sameShards },
    at,
  )
  const shardsPerInstance = either(
    {
      name: 'shardsPerInstance',
      inPoint: given.shardsPerInstance,
      inChild: child.shardsPerInstance,
      same: (a, b) => a === b,
    },
    at,
  )
  if (selection === undefined) {
    const places = 'here or in childManagerOptions'
    return at.child('shards').fault('DM_OPTION_MISSING', `required, ${places}, but not given`, {
      given: 'undefined',
      allowed: shardsOrNone.allowed,
    })
  }
  refuseTooFew(given.maxShards, selection, at)
  const name = given.name ?? formatAddress(given)
  return {
    name,
    address: canonicalAddress(given),
    shardsPath: (given.shards === undefined ? at.child('childManagerOptions') : at).child('shards')
      .path,
    ranges: selectionToRanges(selection),
    finish: (parentTls) => ({
      name,
      host: given.host,
      port: given.port,
      udp: given.udp,
      tls: given.tls ?? parentTls ?? defaultTls,
      shards: spellOut(selection),
      shardsPerInstance: shardsPerInstance ?? 1,
      weight: given.weight,
      maxShards: given.maxShards,
      child: child.pushed,
    }),
  }
})

/** Names may lead to addresses of either family; what they lead to is not known yet. */
function refuseOtherFamily({ host: address, udp: carrier }: GivenPoint, at: Place): void {
  const literal = isIP(address)
  if (carrier === undefined || literal === 0 || carrier === `udp${literal}`) return
  const allowed = `'udp${literal}'`
  const sentence = `${carrier} cannot reach ${address}, which is an IPv${literal} address`
  at.child('udp').fault('DM_OPTION_CONFLICT', `${sentence}; give ${allowed}`, {
    given: `'${carrier}'`,
    allowed,
  })
}

/** A machine that may not even run its own shards would be full from the start. */
function refuseTooFew(maxShards: number | undefined, selection: ShardSelection, at: Place): void {
  const own = sizeOf(selection)
  if (maxShards === undefined || maxShards >= own) return
  at.child('maxShards').expected('DM_OPTION_CONFLICT', `${own} or more, its own shards`, maxShards)
}

interface TwoPlaces<T> {
  readonly name: 'shards' | 'shardsPerInstance'
  readonly inPoint: T | undefined
  readonly inChild: T | undefined
  readonly same: (inPoint: T, inChild: T) => boolean
}

/** A member that may stand in the point or in its `childManagerOptions`; both must say the same. */
function either<T>({ name, inPoint, inChild, same }: TwoPlaces<T>, at: Place): T | undefined {
  if (inPoint !== undefined && inChild !== undefined && !same(inPoint, inChild)) {
    const inner = at.child('childManagerOptions').child(name)
    inner.fault('DM_OPTION_CONFLICT', `it differs from ${at.child(name).path}; give it once`)
  }
  return inPoint ?? inChild
}

function sameShards(a: ShardSelection, b: ShardSelection): boolean {
  return formatRanges(selectionToRanges(a)) === formatRanges(selectionToRanges(b))
}
