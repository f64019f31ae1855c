/** Options of a child: it stands by on a port and runs what its parent hands to it. */
import { bool, type Check, mapped, oneOf } from './checks.js'
import { commonFields, type GivenCommon, managerMode } from './common-fields.js'
import { defaultPort, host, listenPort } from './host-check.js'
import { object, optional, required, withDefault } from './object-check.js'
import { file } from './path-check.js'
import type { Place } from './place.js'
import type { AcceptPolicy, ResolvedChild, UdpListening } from './resolved-options.js'
import { type GivenRun, runFields, toRunOptions } from './run-options.js'
import type { ShardingManagerModes } from './sharding-modes.js'
import { defaultTls } from './tls-options.js'
import { type GivenLink, linkFields, type ResolvedLink, resolveLink } from './trust-options.js'

interface GivenIpc {
  readonly networkHost: string
  readonly networkPort: number
  readonly udp: boolean | undefined
}

const defaultIpc: GivenIpc = { networkHost: '::', networkPort: defaultPort, udp: undefined }

const defaultAccept: AcceptPolicy = {
  file: false,
  execArgv: false,
  cwd: false,
  env: true,
  eval: true,
}

const ipc = object<GivenIpc>(
  {
    networkHost: withDefault(host, defaultIpc.networkHost),
    networkPort: withDefault(listenPort, defaultIpc.networkPort),
    udp: optional(bool),
  },
  { aliases: { host: 'networkHost', address: 'networkHost', port: 'networkPort' } },
)

const accept = object<AcceptPolicy>({
  file: withDefault(bool, defaultAccept.file),
  execArgv: withDefault(bool, defaultAccept.execArgv),
  cwd: withDefault(bool, defaultAccept.cwd),
  env: withDefault(bool, defaultAccept.env),
  eval: withDefault(bool, defaultAccept.eval),
})

interface GivenChildMachines extends GivenLink {
  readonly me: 'child'
  readonly ipc: GivenIpc
  readonly accept: AcceptPolicy
  readonly takeover: ResolvedChild['takeover']
  readonly whenParentStops: ResolvedChild['whenParentStops']
}

const forParents = "it is an option of a parent; this manager is a child (machines.me: 'child')"
const fromParent = 'a child is told this by its parent; give it there, to the point of this machine'

const childMachines = mapped(
  object<GivenChildMachines>(
    {
      me: required(oneOf(['child'])),
      ipc: withDefault(ipc, defaultIpc),
      accept: withDefault(accept, defaultAccept),
      takeover: withDefault(oneOf(['never', 'higher-epoch']), 'never'),
      whenParentStops: withDefault(oneOf(['standby', 'exit']), 'standby'),
      ...linkFields,
    },
    {
      misplaced: {
        points: forParents,
        allowGaps: forParents,
        dialTimeoutMs: forParents,
        onMachineLost: forParents,
        leaseMs: forParents,
      },
      aliases: {
        host: 'give it as machines.ipc.networkHost',
        port: 'give it as machines.ipc.networkPort',
        networkHost: 'give it as machines.ipc.networkHost',
        networkPort: 'give it as machines.ipc.networkPort',
      },
    },
  ),
  (given, at) => {
    refuseUncheckable(given, at)
    const link = resolveLink(given, at)
    return link && { ...given, ...link }
  },
)

function refuseUncheckable(given: GivenLink, at: Place): void {
  const tls = given.tls
  if (typeof tls !== 'object' || !tls.rejectUnauthorized || tls.requestCert !== false) return
  at.child('tls')
    .child('requestCert')
    .fault(
      'DM_OPTION_CONFLICT',
      'false, but a parent that is not asked for its certificate cannot be checked; leave ' +
        'requestCert out, or set rejectUnauthorized: false',
      { given: 'false', allowed: 'true, or nothing' },
    )
}

interface GivenChild extends GivenCommon, GivenRun {
  readonly mode: ShardingManagerModes
  readonly file: string
  readonly machines: Omit<GivenChildMachines, 'link'> & ResolvedLink
}

const childShape = object<GivenChild>(
  {
    mode: required(managerMode),
    file: required(file),
    machines: required(childMachines),
    ...runFields,
    ...commonFields,
  },
  {
    misplaced: { shards: fromParent, shardsPerInstance: fromParent, totalShards: fromParent },
  },
)

export const childOptions: Check<ResolvedChild> = mapped(childShape, (given) => {
  const { machines } = given
  return {
    kind: 'child',
    host: machines.ipc.networkHost,
    port: machines.ipc.networkPort,
    udp: udpListening(machines.ipc.udp),
    tls: machines.tls ?? defaultTls,
    trust: machines.trust,
    accept: machines.accept,
    takeover: machines.takeover,
    whenParentStops: machines.whenParentStops,
    runs: {
      processes: toRunOptions('processes', given.file, given),
      workers: toRunOptions('workers', given.file, given),
      clusters: toRunOptions('clusters', given.file, given),
    },
    link: machines.link,
    signals: given.signals,
    callTimeoutMs: given.callTimeoutMs,
  }
})

function udpListening(given: boolean | undefined): UdpListening {
  if (given === undefined) return 'whenPossible'
  return given ? 'required' : 'off'
}
