/** Options of a parent: it owns the plan, runs no instances itself, and dials its points. */
import { findGaps, findOverlaps } from '../allocator/plan-instances.js'
import type { ShardRanges } from '../allocator/plan-types.js'
import { formatRanges } from '../allocator/shard-lists.js'
import { MachinesError } from '../errors.js'
import { limits } from '../limits.js'
import { arrayOf, bool, type Check, duration, mapped, oneOf } from './checks.js'
import { commonFields, count, type GivenCommon, managerMode } from './common-fields.js'
import {
  failoverFields,
  type GivenFailover,
  type ResolvedFailover,
  resolveFailover,
} from './failover-options.js'
import { object, optional, required, withDefault } from './object-check.js'
import type { Place } from './place.js'
import { type Point, point } from './point-options.js'
import type { ResolvedParent } from './resolved-options.js'
import type { ShardingManagerModes } from './sharding-modes.js'
import { resolveTotalShards } from './total-shards.js'
import { type GivenLink, linkFields, type ResolvedLink, resolveLink } from './trust-options.js'

interface GivenParentMachines extends GivenLink, GivenFailover {
  readonly me: 'parent'
  readonly points: readonly Point[]
  readonly allowGaps: boolean
  readonly dialTimeoutMs: number
}

const forChildren = "it is an option of a child; this manager is a parent (machines.me: 'parent')"
const inPoint = 'it is different for each machine; give it in machines.points'
const toMachines =
  'a parent runs no instances itself; give it to a point, in machines.points[n].childManagerOptions'

const parentMachines = mapped(
  object<GivenParentMachines>(
    {
      me: required(oneOf(['parent'])),
      points: required(arrayOf(point, 'points, at least one', limits.pointsMax)),
      allowGaps: withDefault(bool, false),
      dialTimeoutMs: withDefault(duration(0), 0),
      ...failoverFields,
      ...linkFields,
    },
    {
      misplaced: {
        ipc: forChildren,
        accept: forChildren,
        takeover: forChildren,
        whenParentStops: forChildren,
        host: inPoint,
        port: inPoint,
        udp: inPoint,
        shards: inPoint,
        weight: inPoint,
        maxShards: inPoint,
        childManagerOptions: inPoint,
        totalShards: 'give it beside machines',
      },
    },
  ),
  (given, at) => {
    if (given.points.length === 0) {
      at.child('points').expected('DM_OPTION_VALUE', 'at least one point', given.points)
    }
    refuseDoubles(given.points, at)
    refuseOverlaps(given.points, at)
    const failover = resolveFailover(given, at)
    const link = resolveLink(given, at)
    return link && { ...given, ...failover, ...link }
  },
)

interface GivenParent extends GivenCommon {
  readonly mode: ShardingManagerModes
  readonly totalShards: number | undefined
  readonly machines: Omit<GivenParentMachines, 'link' | 'leaseMs'> & ResolvedFailover & ResolvedLink
}

const parentShape = object<GivenParent>(
  {
    mode: required(managerMode),
    totalShards: optional(count),
    machines: required(parentMachines),
    ...commonFields,
  },
  {
    misplaced: {
      file: toMachines,
      shards: toMachines,
      shardsPerInstance: toMachines,
      processes: toMachines,
      workers: toMachines,
      clusters: toMachines,
      startTimeoutMs: toMachines,
      startConcurrency: toMachines,
      killTimeoutMs: toMachines,
      respawn: toMachines,
      dialect: toMachines,
      maxMemoryMb: toMachines,
      output: 'a parent runs no instances itself; give it in the options of the child',
      points: 'give it in machines',
    },
  },
)

export const parentOptions: Check<ResolvedParent> = mapped(parentShape, (given, at) => {
  const { machines } = given
  const owned = machines.points.map(({ ranges }) => ranges)
  if (owned.every((ranges) => ranges.length === 0)) {
    const sentence = 'no point has shards; a bot has at least one, and spares take those of others'
    return at.child('machines').child('points').fault('DM_OPTION_VALUE', sentence)
  }
  const totalShards = resolveTotalShards(given.totalShards, owned, at)
  if (totalShards === undefined) return undefined
  if (!machines.allowGaps) refuseGaps(machines.points, totalShards, at)
  return {
    kind: 'parent',
    points: machines.points.map((one) => one.finish(machines.tls)),
    totalShards,
    trust: machines.trust,
    dialTimeoutMs: machines.dialTimeoutMs,
    tls: machines.tls,
    onMachineLost: machines.onMachineLost,
    leaseMs: machines.leaseMs,
    link: machines.link,
    signals: given.signals,
    callTimeoutMs: given.callTimeoutMs,
  }
})

function refuseDoubles(points: readonly Point[], at: Place): void {
  const addresses = new Map<string, number>()
  const names = new Map<string, number>()
  for (const [index, { address, name }] of points.entries()) {
    const place = at.child('points').child(index)
    const sameAddress = addresses.get(address)
    const sameName = names.get(name)
    if (sameAddress !== undefined) {
      const other = at.child('points').child(sameAddress).path
      const sentence = `${address} is the address of ${other} too; one machine is one point`
      place.child('host').fault('DM_OPTION_CONFLICT', sentence, { given: address })
    } else if (sameName !== undefined) {
      const other = at.child('points').child(sameName).path
      const sentence = `${JSON.stringify(name)} is the name of ${other} too; names are unique`
      place.child('name').fault('DM_OPTION_CONFLICT', sentence, { given: JSON.stringify(name) })
    }
    addresses.set(address, sameAddress ?? index)
    names.set(name, sameName ?? index)
  }
}

function refuseOverlaps(points: readonly Point[], at: Place): void {
  const described = (index: number) =>
    `${at.child('points').child(index).path} (${points[index]?.name})`
  for (const { first, second, shards } of findOverlaps(points.map(({ ranges }) => ranges))) {
    const path = points[second]?.shardsPath ?? at.path
    const given = shown(shards)
    const sentence = `${described(first)} and ${described(second)} both have the shards ${given}`
    at.add(new MachinesError('DM_SHARDS_OVERLAP', `${path}: ${sentence}`, { path, given }))
  }
}

function refuseGaps(points: readonly Point[], totalShards: number, at: Place): void {
  const owned = points.map(({ ranges }) => ranges)
  const gaps = findGaps(owned, totalShards)
  if (gaps.length === 0) return
  const given = shown(gaps)
  at.child('machines')
    .child('points')
    .fault(
      'DM_SHARDS_GAP',
      `no point has the shards ${given} of ${totalShards}; give them to one, or set ` +
        'machines.allowGaps: true',
      { given },
    )
}

/** Ranges for a message: the first of them, where there are very many. */
function shown(ranges: ShardRanges): string {
  const [cut, more] = [ranges.slice(0, 20), ranges.length - 20]
  return formatRanges(cut) + (more > 0 ? ` and ${more} more ranges` : '')
}
