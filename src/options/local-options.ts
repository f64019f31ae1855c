/** Options of the modes that run all instances on this machine. */
import { type ShardSelection, selectionToRanges, spellOut } from '../allocator/shard-lists.js'
import { type Check, mapped } from './checks.js'
import { commonFields, count, type GivenCommon, localMode, shards } from './common-fields.js'
import { object, optional, required, withDefault } from './object-check.js'
import { file } from './path-check.js'
import type { ResolvedLocal } from './resolved-options.js'
import { type GivenRun, runFields, toRunOptions } from './run-options.js'
import type { ChildShardingModes } from './sharding-modes.js'
import { resolveTotalShards } from './total-shards.js'

interface GivenLocal extends GivenCommon, GivenRun {
  readonly mode: ChildShardingModes
  readonly file: string
  readonly shards: ShardSelection
  readonly shardsPerInstance: number
  readonly totalShards: number | undefined
}

const localShape = object<GivenLocal>(
  {
    mode: required(localMode),
    file: required(file),
    shards: required(shards),
    shardsPerInstance: withDefault(count, 1),
    totalShards: optional(count),
    ...runFields,
    ...commonFields,
  },
  {
    misplaced: {
      machines: "only mode 'machines' looks at it; give that mode, or leave machines out",
      tls: "it belongs in machines, with mode 'machines'",
    },
    aliases: {
      env: 'give variables in processes.env, workers.env or clusters.env',
      script: 'file',
      totalInstances: 'the number of instances follows from shards and shardsPerInstance',
    },
  },
)

export const localOptions: Check<ResolvedLocal> = mapped(localShape, (given, at) => {
  const totalShards = resolveTotalShards(given.totalShards, [selectionToRanges(given.shards)], at)
  if (totalShards === undefined) return undefined
  return {
    kind: 'local',
    run: toRunOptions(given.mode, given.file, given),
    shards: spellOut(given.shards),
    shardsPerInstance: given.shardsPerInstance,
    totalShards,
    signals: given.signals,
    callTimeoutMs: given.callTimeoutMs,
  }
})
