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
   * host name they bear) or of authorities (then the host name is checked).
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
   * UDP instead of TCP. This version has no UDP carrier yet: any value is DM_OPTION_VALUE, so leave
   * it out.
   */
  udp?: 'udp4' | 'udp6'
  /** Name of the machine in messages, output and targets. Default `host:port`. */
  name?: string
  /** Shards of the machine; here or in `childManagerOptions`. */
  shards?: ShardsOption
  /** Shards that one instance serves; here or in `childManagerOptions`. Default 1. */
  shardsPerInstance?: number
  /** Encryption towards this machine; `false` turns it off. Default: `machines.tls`. */
  tls?: TlsOptions | false
  childManagerOptions?: ChildShardingManagerOptions
}

/** Where a child listens. */
export interface MachinesIpcOptions {
  /** Address to listen on. Default `::`, which is every address, IPv4 too. */
  networkHost?: string
  /** Port to listen on; 0 takes any free one. Default 8379. */
  networkPort?: number
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
  /** Folder for the identity key and known peers. Default `.discordoo-machines` in the cwd. */
  stateDir?: string
  /** Child: what the parent may decide. */
  accept?: AcceptOptions
  /**
   * Child: what follows after the parent's stop(). `standby` waits for the next parent, `exit` stops
   * this manager too. Default `standby`.
   */
  whenParentStops?: 'standby' | 'exit'
  /** Parent: whether shards may be left to no point. Default false: DM_SHARDS_GAP. */
  allowGaps?: boolean
  /** Parent: how long start() waits for a machine, ms. Default 0: for ever. */
  dialTimeoutMs?: number
  /** Time between two heartbeats of a link, ms. Default 2,000. */
  heartbeatMs?: number
  /** Round trip in ms above which a link warns. Default 50. */
  pingWarningMs?: number
}
