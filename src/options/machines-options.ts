/** Options of `machines` mode, as users write them. */
import type { ChildShardingManagerOptions, ShardsOption } from './instance-options.js'

/**
 * Encryption between machines. Every link uses TLS 1.3; where `public` and `private` are not given,
 * a certificate is made at start.
 *
 * Relative paths resolve from the working directory; DM_OPTION_FILE when a file is not there,
 * DM_CERTIFICATE_INVALID when it does not hold what it should.
 */
export interface TlsOptions {
  /** Path of the certificate (PEM). Needs `private`. */
  public?: string
  /** Path of its private key (PEM). Needs `public`. */
  private?: string
  /** Path of a dhparam file. It is checked, but TLS 1.3 has no use for it. */
  dhparam?: string
  /**
   * Whether a child asks its parent for a certificate: `true` refuses a parent without one, `false`
   * does not ask. Default: it asks, and what follows depends on `rejectUnauthorized`. A parent
   * always gets one, so it means nothing there.
   */
  requestCert?: boolean
  /**
   * Whether connections without a trusted certificate are refused. Default: whether
   * `trustedConnections` are given; `true` without any is DM_OPTION_CONFLICT.
   */
  rejectUnauthorized?: boolean
  /**
   * Paths of trusted certificates: of the machines themselves (accepted by what they are, whatever
   * host name they bear) or of authorities. A CA certificate, be it self-signed, vouches for those
   * it signed as well; in them a parent checks the host name.
   */
  trustedConnections?: readonly string[]
}

/** Where a parent reaches one machine, and what it hands to it. */
export interface ShardingMachineOptions {
  /** IPv4 or IPv6 address, or host name, of the machine. */
  host: string
  /** Port that the child listens on. Default 8379. */
  port?: number
  /**
   * UDP instead of TCP, over IPv4 or IPv6: better where packets get lost, as one that is late holds
   * nobody else up for long. Needs the optional package `udx-native` on both sides; without it
   * start() rejects with DM_UDP_UNAVAILABLE. A `host` of the other family is DM_OPTION_CONFLICT.
   * Default: TCP.
   */
  udp?: 'udp4' | 'udp6'
  /** Name of the machine in messages, output and targets. Default `host:port`. */
  name?: string
  /**
   * Shards of the machine; here or in `childManagerOptions`. `[]`: a spare, which takes shards only
   * when other machines are lost or drained, or a plan says so.
   */
  shards?: ShardsOption
  /** Shards that one instance serves; here or in `childManagerOptions`. Default 1. */
  shardsPerInstance?: number
  /**
   * How many shards the machine takes beside the others, when shards are moved: one of weight 2
   * takes twice as many as one of weight 1. From 0.000001 to 1,000,000. Default: the number of its
   * own shards; for a spare the mean of the others.
   */
  weight?: number
  /**
   * Most shards that the machine takes, those of others included. Fewer than its own are
   * DM_OPTION_CONFLICT. Default: no limit.
   */
  maxShards?: number
  /** Encryption towards this machine; `false` turns it off. Default: `machines.tls`. */
  tls?: TlsOptions | false
  /** What the machine is told; what is not given is the machine's own setting. */
  childManagerOptions?: ChildShardingManagerOptions
}

/** Where a child listens. */
export interface MachinesIpcOptions {
  /** Address to listen on. Default `::`, which is every address, IPv4 too. */
  networkHost?: string
  /** Port to listen on; 0 takes any free one. Default 8379. */
  networkPort?: number
  /**
   * Whether to listen for UDP too, on the same port. `true`: start() rejects where that cannot be
   * (DM_UDP_UNAVAILABLE, DM_LISTEN_FAILED). `false`: TCP alone. Default: if the optional package
   * `udx-native` is installed, since it is for the parent to choose between the two.
   */
  udp?: boolean
}

/** What a child lets its parent decide. */
export interface AcceptOptions {
  /** Another start file. Default false. */
  file?: boolean
  /** Arguments for Node.js. Default false. */
  execArgv?: boolean
  /** Another working directory. Default false. */
  cwd?: boolean
  /** Variables, except those that can run code or change loading. Default true. */
  env?: boolean
  /** `eval` from other machines. Default true. */
  eval?: boolean
}

/** How links are watched and kept. Each side has its own; they need not be the same. */
export interface LinkOptions {
  /**
   * Where the defaults come from: `local` for managers on one computer, `lan` for servers near to
   * each other, `wan` for machines far apart. Default `lan`.
   */
  preset?: 'local' | 'lan' | 'wan'
  /** Time between two heartbeats, ms. Default 2,000 (`local`: 500, `wan`: 5,000). */
  heartbeatMs?: number
  /**
   * After so much silence a connection counts as lost, ms; at least two heartbeats. It is made anew
   * and nothing is lost, so an event loop that is blocked for longer costs a reconnect only. Default
   * 8,000 (`local`: 5,000, `wan`: 20,000); four heartbeats where those were given.
   */
  silenceMs?: number
  /**
   * How long a broken link may take to come back, ms. Past it calls end with an error and messages
   * are reported undelivered (DM_LINK_LOST). Default 60,000 (`local`: 30,000, `wan`: 300,000).
   */
  resumeWindowMs?: number
  /**
   * Bytes that one side keeps for the other until it has confirmed them, from 80 MiB. What does not
   * fit is refused with DM_LINK_BACKLOG. Default 256 MiB.
   */
  bufferBytesMax?: number
}

/** Options of `machines` mode. */
export interface MachinesShardingOptions {
  /** `parent`: owns the plan. `child`: stands by and carries out its part. */
  me: 'parent' | 'child'
  /** Parent: the machines, at least one; no two with the same address or name. */
  points?: readonly ShardingMachineOptions[]
  /** Child: where to listen. */
  ipc?: MachinesIpcOptions
  /** Encryption; `false` turns it off. On a parent: the default of its points. */
  tls?: TlsOptions | false
  /**
   * Shared secret, at least 16 bytes. Default: the variable DISCORDOO_MACHINES_SECRET. It is never
   * shown in a message.
   */
  secret?: string
  /** Ed25519 public keys (base64, 32 bytes) of trusted managers. */
  trustedKeys?: readonly string[]
  /**
   * Folder for the identity key, known peers and a parent's epochs. Default `.discordoo-machines` in
   * the cwd.
   */
  stateDir?: string
  /** Child: what the parent may decide. */
  accept?: AcceptOptions
  /**
   * Child: whether another parent may take the place of the one it serves. `never` refuses it
   * (DM_PARENT_BUSY); `higher-epoch` lets in one that was started later, if a certificate, key or
   * secret says who it is. The former parent gets DM_PARENT_REPLACED. Default `never`.
   */
  takeover?: 'never' | 'higher-epoch'
  /**
   * Child: what follows after the parent's stop(). `standby` waits for the next parent, `exit` stops
   * this manager too. Default `standby`.
   */
  whenParentStops?: 'standby' | 'exit'
  /** Parent: whether shards may be left to no point. Default false: DM_SHARDS_GAP. */
  allowGaps?: boolean
  /**
   * Parent: what follows when a machine is lost. `hold`: its shards wait for its return, and no
   * other machine ever runs them by itself; machines keep their bots while the parent is away.
   * `reassign`: they run elsewhere once the lease of the machine has surely ended; a machine without
   * its parent for longer than the lease stops its bots. Default `hold`.
   */
  onMachineLost?: 'hold' | 'reassign'
  /**
   * Parent: how long a machine may run its shards without hearing from the parent, ms, under
   * `reassign`; given under `hold` it is DM_OPTION_CONFLICT. From 2,000 to 3,600,000. Default
   * 30,000, which outlasts the restart of a supervised parent.
   */
  leaseMs?: number
  /** Parent: how long start() waits for a machine, ms. Default 0: for ever. */
  dialTimeoutMs?: number
  /** How links are watched and kept. */
  link?: LinkOptions
  /** Time between two heartbeats of a link, ms: the same as `link.heartbeatMs`. */
  heartbeatMs?: number
  /** Round trip in ms above which a link warns. Default 50 (`wan`: 250). */
  pingWarningMs?: number
}
