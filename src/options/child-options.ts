/** Options of a child: it stands by on a port and runs what its parent hands to it. */
import { bool, type Check, mapped, oneOf } from './checks.js'
import { commonFields, type GivenCommon, managerMode } from './common-fields.js'
import { defaultPort, host, listenPort } from './host-check.js'
import { object, required, withDefault } from './object-check.js'
import { file } from './path-check.js'
import type { Place } from './place.js'
import type { AcceptPolicy, ResolvedChild } from './resolved-options.js'
import { type GivenRun, runFields, toRunOptions } from './run-options.js'
import type { ShardingManagerModes } from './sharding-modes.js'
import { defaultTls } from './tls-options.js'
import { type GivenLink, linkFields, resolveTrust } from './trust-options.js'

interface GivenIpc {
  readonly networkHost: string
  readonly networkPort: number
}

const defaultIpc: GivenIpc = { networkHost: '::', networkPort: defaultPort }

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
      whenParentStops: withDefault(oneOf(['standby', 'exit']), 'standby'),
      ...linkFields,
    },
    {
      misplaced: { points: forParents, allowGaps: forParents, dialTimeoutMs: forParents },
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
    return { ...given, trust: resolveTrust(given, at) }
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
  readonly machines: GivenChildMachines & { readonly trust: ResolvedChild['trust'] }
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
    tls: machines.tls ?? defaultTls,
    trust: machines.trust,
    accept: machines.accept,
    whenParentStops: machines.whenParentStops,
    runs: {
      processes: toRunOptions('processes', given.file, given),
      workers: toRunOptions('workers', given.file, given),
      clusters: toRunOptions('clusters', given.file, given),
    },
    heartbeatMs: machines.heartbeatMs,
    pingWarningMs: machines.pingWarningMs,
    signals: given.signals,
    callTimeoutMs: given.callTimeoutMs,
  }
})
