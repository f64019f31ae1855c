/** Options after validation: every default filled in, every path absolute, every list spelled out. */
import type { ForkOptions } from 'node:child_process'
import type { WorkerOptions } from 'node:worker_threads'
import type { LinkTuning } from './link-presets.js'
import type { ChildShardingModes } from './sharding-modes.js'

/** When and how often an instance that exited is started again. */
export interface RespawnPolicy {
  /** `false`: an instance that exits stays down until `restart()`. Default true. */
  readonly enabled: boolean
  /** First delay, doubled with every exit in a row. Default 1,000 ms. */
  readonly delayMs: number
  /** Longest delay. Default 60,000 ms. */
  readonly delayMsMax: number
  /** After so many exits in a row without `healthyMs` between: `crashLoop`. Default 5. */
  readonly attemptsMax: number
  /** An instance that was ready for so long counts as healthy again. Default 60,000 ms. */
  readonly healthyMs: number
  /**
   * Sessions with Discord that the instances of the machine may start in 24 hours before respawns
   * are held. Undefined: the machine's share of what Discord grants the bot.
   */
  readonly identifiesPerDayMax?: number | undefined
}

/** Which language a bot speaks with its manager. */
export type DialectOption = 'auto' | 'discordoo' | 'discord.js' | 'native'

/** Where lines that instances print go. */
export type OutputMode = 'prefix' | 'inherit' | 'ignore'

/** What it takes to run instances on this machine, apart from which shards. */
export interface RunOptions {
  readonly mode: ChildShardingModes
  /** Absolute path of the bot's start file. */
  readonly file: string
  /** Variables given to every instance on top of the manager's own; those of `mode`. */
  readonly env: Readonly<Record<string, string>>
  /** `processes.forkOptions`, without what the manager owns; empty in other modes. */
  readonly forkOptions: Readonly<ForkOptions>
  /** `workers.spawnOptions`, without what the manager owns; empty in other modes. */
  readonly spawnOptions: Readonly<WorkerOptions>
  /** Longest time from spawn to the bot's ready(). Default 30,000 ms and 15,000 ms per shard. */
  readonly startTimeoutMs: number | undefined
  /** Instances that may be starting at one time. Default 4. */
  readonly startConcurrency: number
  /** Time an instance has to say goodbye before SIGTERM, and again before SIGKILL. Default 5,000. */
  readonly killTimeoutMs: number
  readonly respawn: RespawnPolicy
  readonly output: OutputMode
  /** The language that the bot speaks with its manager; `auto`: the manager finds out. */
  readonly dialect: DialectOption
  /** An instance that stays above so many MiB is restarted; undefined: never. */
  readonly maxMemoryMb: number | undefined
}

/** TLS options of one side, as given; paths absolute. `false` turns encryption off. */
export interface ResolvedTls {
  /** Path of the certificate (PEM); undefined: a certificate is made at start. */
  readonly public: string | undefined
  /** Path of its private key (PEM). */
  readonly private: string | undefined
  readonly dhparam: string | undefined
  /** As given; what it means stands in the transport's certificate policy. */
  readonly requestCert: boolean | undefined
  /** Whether a certificate that `trustedConnections` do not vouch for ends the connection. */
  readonly rejectUnauthorized: boolean
  /** Paths of certificates (pinned as they are) or CA certificates. */
  readonly trustedConnections: readonly string[]
}

/** How this manager proves itself and recognises others. */
export interface ResolvedTrust {
  /** Shared secret; undefined when none was given. */
  readonly secret: string | undefined
  /** Ed25519 public keys (base64) of managers that are trusted. */
  readonly trustedKeys: readonly string[]
  /** Folder for identity key, certificate made at start and known peers. */
  readonly stateDir: string
}

/** What a child lets its parent push. `false` in a field refuses it. */
export interface AcceptPolicy {
  readonly file: boolean
  readonly execArgv: boolean
  readonly cwd: boolean
  readonly env: boolean
  readonly eval: boolean
}

export interface ResolvedPoint {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Undefined: TCP. */
  readonly udp: 'udp4' | 'udp6' | undefined
  readonly tls: ResolvedTls | false
  /** In the order of the user's list; none: a spare, which takes shards of others alone. */
  readonly shards: readonly number[]
  readonly shardsPerInstance: number
  /** How much it takes beside the others; undefined: as `defaultWeights` of the allocator says. */
  readonly weight: number | undefined
  /** Most shards that it takes, those of lost machines included; undefined: as many as come. */
  readonly maxShards: number | undefined
  readonly child: PushedOptions
}

/** The part of `childManagerOptions` that travels to the child, as JSON. */
export interface PushedOptions {
  readonly mode: ChildShardingModes
  readonly file?: string
  readonly env?: Readonly<Record<string, string>>
  readonly execArgv?: readonly string[]
  readonly cwd?: string
  readonly startTimeoutMs?: number
  readonly startConcurrency?: number
  readonly killTimeoutMs?: number
  readonly respawn?: RespawnPolicy
  readonly dialect?: DialectOption
  readonly maxMemoryMb?: number
}

/** What Ctrl-C (SIGINT), SIGTERM and SIGHUP do to this manager. */
export type SignalPolicy = 'stop' | 'detach' | 'ignore'

interface ResolvedCommon {
  readonly signals: SignalPolicy
  /** Default deadline of eval and request. Default 30,000 ms. */
  readonly callTimeoutMs: number
}

export interface ResolvedLocal extends ResolvedCommon {
  readonly kind: 'local'
  readonly run: RunOptions
  readonly shards: readonly number[]
  readonly shardsPerInstance: number
  readonly totalShards: number
}

export interface ResolvedParent extends ResolvedCommon {
  readonly kind: 'parent'
  readonly points: readonly ResolvedPoint[]
  readonly totalShards: number
  readonly trust: ResolvedTrust
  /** How long start() waits for a machine that cannot be reached; 0 (default): for ever. */
  readonly dialTimeoutMs: number
  /** `machines.tls` as given: the default of points that are added later. */
  readonly tls: ResolvedTls | false | undefined
  /** Whether the shards of a lost machine wait for it, or run elsewhere after their lease. */
  readonly onMachineLost: 'hold' | 'reassign'
  /** How long a machine may run its shards without a renewal; only under `reassign`. */
  readonly leaseMs: number
  readonly link: LinkTuning
}

/** Whether a child listens for UDP beside TCP; `whenPossible`: if `udx-native` can be loaded. */
export type UdpListening = 'off' | 'whenPossible' | 'required'

export interface ResolvedChild extends ResolvedCommon {
  readonly kind: 'child'
  /** Address to listen on, as given in `ipc.networkHost`. */
  readonly host: string
  readonly port: number
  readonly udp: UdpListening
  readonly tls: ResolvedTls | false
  readonly trust: ResolvedTrust
  readonly accept: AcceptPolicy
  /** Whether a second parent may take the place of the first. */
  readonly takeover: 'never' | 'higher-epoch'
  /** What this manager does after its parent's stop(): wait for the next one, or stop as well. */
  readonly whenParentStops: 'standby' | 'exit'
  /**
   * The child's own settings for each mode, since the mode is the parent's to choose. `applyPush`
   * makes of one of them what is really run.
   */
  readonly runs: Readonly<Record<ChildShardingModes, RunOptions>>
  readonly link: LinkTuning
}

export type ResolvedOptions = ResolvedLocal | ResolvedParent | ResolvedChild
