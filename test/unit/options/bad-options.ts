import { resolve } from 'node:path'
import type { ErrorCode } from '../../../src/errors.js'
import type { OptionsEnvironment } from '../../../src/options/options-environment.js'
import { child, cwd, local, parent, point, pushing } from './fixtures.js'

/** What a user gave, and the one error that must come of it. */
export interface BadOptions {
  readonly input: unknown
  readonly code: ErrorCode
  readonly path: string
  /** The whole message after the path. */
  readonly says: string
  readonly environment?: Partial<OptionsEnvironment>
}

const forms =
  'expected a number of shards, an array of shard ids, or { from, to } with both ends included; ' +
  'ids from 0 to 999999'
const toPoint =
  'has no effect here: a parent runs no instances itself; give it to a point, in ' +
  'machines.points[n].childManagerOptions'
const toParent =
  'has no effect here: a child is told this by its parent; give it there, to the point of this machine'
const stays =
  'has no effect here: it does not travel to another machine; set it in the options of the child'
const guarded =
  'a parent may not set this variable on a child, because it can run code, change which code is ' +
  'loaded, or change whom a program trusts; set it on the child'
const anyHost = 'expected an IPv4 address, an IPv6 address or a host name'
const anyMode = "expected 'processes', 'workers', 'clusters' or 'machines'"
const fork = 'processes.forkOptions'
const spawn = 'workers.spawnOptions'
const pushed = 'machines.points[0].childManagerOptions'

function bad(input: unknown, code: ErrorCode, path: string, says: string): BadOptions {
  return { input, code, path, says }
}

const whole: readonly BadOptions[] = [
  bad(undefined, 'DM_OPTION_TYPE', 'options', 'expected an object, got undefined'),
  bad(null, 'DM_OPTION_TYPE', 'options', 'expected an object, got null'),
  bad('bot.js', 'DM_OPTION_TYPE', 'options', 'expected an object, got "bot.js"'),
  bad([local()], 'DM_OPTION_TYPE', 'options', 'expected an object, got an array of 1'),
  bad(new Map(), 'DM_OPTION_TYPE', 'options', 'expected an object, got an object of type Map'),
  bad(
    Object.create(local()),
    'DM_OPTION_TYPE',
    'options',
    'expected an object, got an object without members',
  ),
  bad({}, 'DM_OPTION_MISSING', 'mode', `required, but not given; ${anyMode}`),
  {
    ...bad(undefined, 'DM_OPTION_VALUE', 'options', 'expected an object, got an object with '),
    input: Object.assign(
      local(),
      Object.fromEntries(Array.from({ length: 4096 }, (_, n) => [n, n])),
    ),
    says: 'expected an object, got an object with "0", "1", "2", "3", "4"…',
  },
  bad(local({ mode: 1 }), 'DM_OPTION_TYPE', 'mode', `${anyMode}, got 1`),
  bad(
    local({ mode: 'MACHINES' }),
    'DM_OPTION_VALUE',
    'mode',
    `${anyMode}, got "MACHINES"; did you mean 'machines'?`,
  ),
  bad(local({ mode: 'threads' }), 'DM_OPTION_VALUE', 'mode', `${anyMode}, got "threads"`),
  {
    ...bad(local({ mode: 'clusters' }), 'DM_OPTION_VALUE', 'mode', ''),
    says: "'clusters' does not work on Windows",
    environment: { platform: 'win32' },
  },
  bad(
    local({ shardPerInstance: 2 }),
    'DM_OPTION_UNKNOWN',
    'shardPerInstance',
    "there is no such option; did you mean 'shardsPerInstance'?",
  ),
  bad(
    local({ env: {} }),
    'DM_OPTION_UNKNOWN',
    'env',
    'there is no such option; give variables in processes.env, workers.env or clusters.env',
  ),
  bad(
    local({ machines: { me: 'child' } }),
    'DM_OPTION_MISPLACED',
    'machines',
    "has no effect here: only mode 'machines' looks at it; give that mode, or leave machines out",
  ),
]

const run: readonly BadOptions[] = [
  bad(
    { mode: 'processes', shards: 1 },
    'DM_OPTION_MISSING',
    'file',
    'required, but not given; expected the path of a file',
  ),
  bad(local({ file: 7 }), 'DM_OPTION_TYPE', 'file', 'expected a path, got 7'),
  bad(local({ file: ' ' }), 'DM_OPTION_VALUE', 'file', 'expected a path, got " "'),
  bad(
    local({ file: 'bto.js' }),
    'DM_OPTION_FILE',
    'file',
    `no such file: "bto.js", resolved to ${resolve(cwd, 'bto.js')}`,
  ),
  bad(
    local({ file: 'file://elsewhere/bot.js' }),
    'DM_OPTION_VALUE',
    'file',
    'expected a file: URL of this machine, got "file://elsewhere/bot.js"',
  ),
  bad(
    { mode: 'workers', file: 'bot.js' },
    'DM_OPTION_MISSING',
    'shards',
    'required, but not given; expected a number of shards, an array of shard ids, or { from, to }',
  ),
  bad(
    local({ shards: 'all' }),
    'DM_SHARDS_INVALID',
    'shards',
    `${forms}; a number of shards goes from 1 to 1000000, got "all"`,
  ),
  bad(
    local({ shards: 0 }),
    'DM_SHARDS_INVALID',
    'shards',
    `${forms}; a number of shards goes from 1 to 1000000, got 0`,
  ),
  bad(local({ shards: [] }), 'DM_SHARDS_INVALID', 'shards', `${forms}; the list is empty, got []`),
  bad(
    local({ shards: [0, 1, 1] }),
    'DM_SHARDS_INVALID',
    'shards[2]',
    `${forms}; the id is listed twice, got 1`,
  ),
  bad(
    local({ shards: [0, -1] }),
    'DM_SHARDS_INVALID',
    'shards[1]',
    `${forms}; not a shard id, got -1`,
  ),
  bad(
    local({ shards: { from: 5, to: 1 } }),
    'DM_SHARDS_INVALID',
    'shards',
    `${forms}; from is greater than to, got from 5, to 1`,
  ),
  bad(
    local({ shards: { from: 0, to: 2 ** 40 } }),
    'DM_SHARDS_INVALID',
    'shards.to',
    `${forms}; not a shard id, got 1099511627776`,
  ),
  bad(
    local({ shardsPerInstance: 0 }),
    'DM_OPTION_VALUE',
    'shardsPerInstance',
    'expected an integer from 1 to 1000000, got 0',
  ),
  bad(
    local({ shardsPerInstance: 1.5 }),
    'DM_OPTION_VALUE',
    'shardsPerInstance',
    'expected an integer from 1 to 1000000, got 1.5',
  ),
  bad(
    local({ totalShards: 3 }),
    'DM_OPTION_CONFLICT',
    'totalShards',
    'expected 4 or more (the highest shard is 3), got 3',
  ),
  bad(
    local({ startTimeoutMs: 0 }),
    'DM_OPTION_VALUE',
    'startTimeoutMs',
    'expected an integer of milliseconds from 1 to 2147483647, got 0',
  ),
  bad(
    local({ killTimeoutMs: Number.POSITIVE_INFINITY }),
    'DM_OPTION_VALUE',
    'killTimeoutMs',
    'expected an integer of milliseconds from 0 to 2147483647, got Infinity',
  ),
  bad(
    local({ callTimeoutMs: '30s' }),
    'DM_OPTION_TYPE',
    'callTimeoutMs',
    'expected an integer of milliseconds from 1 to 2147483647, got "30s"',
  ),
  bad(
    local({ startConcurrency: Number.NaN }),
    'DM_OPTION_VALUE',
    'startConcurrency',
    'expected an integer from 1 to 1000000, got NaN',
  ),
  bad(
    local({ maxMemoryMb: 2 ** 31 }),
    'DM_OPTION_VALUE',
    'maxMemoryMb',
    'expected an integer of MiB from 1 to 1048576, got 2147483648',
  ),
  bad(
    local({ respawn: { identifiesPerDayMax: 0 } }),
    'DM_OPTION_VALUE',
    'respawn.identifiesPerDayMax',
    'expected an integer from 1 to 1000000, got 0',
  ),
  bad(
    local({ respawn: 'never' }),
    'DM_OPTION_TYPE',
    'respawn',
    'expected true or false or an object, got "never"',
  ),
  bad(
    local({ respawn: { delayMs: 500, delayMsMax: 100 } }),
    'DM_OPTION_CONFLICT',
    'respawn.delayMsMax',
    '100 is less than delayMs, which is 500',
  ),
  bad(
    local({ respawn: { enabled: false } }),
    'DM_OPTION_UNKNOWN',
    'respawn.enabled',
    'there is no such option; give respawn: false to turn it off',
  ),
  bad(
    local({ respawn: { maxAttempts: 3 } }),
    'DM_OPTION_UNKNOWN',
    'respawn.maxAttempts',
    'there is no such option; expected one of delayMs, delayMsMax, attemptsMax, healthyMs, identifiesPerDayMax',
  ),
  bad(
    local({ output: 'ignored' }),
    'DM_OPTION_VALUE',
    'output',
    "expected 'prefix', 'inherit' or 'ignore', got \"ignored\"; did you mean 'ignore'?",
  ),
  bad(
    local({ signals: 'kill' }),
    'DM_OPTION_VALUE',
    'signals',
    "expected 'stop', 'detach' or 'ignore', got \"kill\"",
  ),
]

const spawning: readonly BadOptions[] = [
  bad(
    local({ processes: { env: 'TOKEN=s3cr3t' } }),
    'DM_OPTION_TYPE',
    'processes.env',
    'expected an object of variables, as { NAME: "text" }, got a string of 12 bytes',
  ),
  bad(
    local({ processes: { env: { PORT: 80 } } }),
    'DM_OPTION_TYPE',
    'processes.env.PORT',
    'expected a string without NUL, got a number',
  ),
  bad(
    local({ workers: { env: { 'A=B': 'c' } } }),
    'DM_OPTION_VALUE',
    'workers.env["A=B"]',
    'not a name that a variable can have',
  ),
  bad(
    local({ clusters: { env: JSON.parse('{ "__proto__": "x" }') } }),
    'DM_OPTION_VALUE',
    'clusters.env.__proto__',
    'not a name that a variable can have',
  ),
  bad(
    local({ processes: { env: { sharding_instance: '1' } } }),
    'DM_OPTION_VALUE',
    'processes.env.sharding_instance',
    'the manager sets this variable itself',
  ),
  bad(
    local({ processes: { forkOptions: { env: {} } } }),
    'DM_OPTION_MISPLACED',
    `${fork}.env`,
    'has no effect here: give variables in processes.env',
  ),
  bad(
    local({ processes: { forkOptions: { stdio: 'pipe' } } }),
    'DM_OPTION_MISPLACED',
    `${fork}.stdio`,
    'has no effect here: the manager reads what instances print; see output',
  ),
  bad(
    local({ processes: { forkOptions: { detached: true } } }),
    'DM_OPTION_MISPLACED',
    `${fork}.detached`,
    'has no effect here: instances must end with their manager',
  ),
  bad(
    local({ processes: { forkOptions: { execArgv: '--inspect' } } }),
    'DM_OPTION_TYPE',
    `${fork}.execArgv`,
    'expected an array of strings, got a string of 9 bytes',
  ),
  bad(
    local({ processes: { forkOptions: { execArgv: ['--inspect', 9229] } } }),
    'DM_OPTION_TYPE',
    `${fork}.execArgv[1]`,
    'expected a string without NUL, got a number',
  ),
  bad(
    local({ processes: { forkOptions: { uid: -1 } } }),
    'DM_OPTION_VALUE',
    `${fork}.uid`,
    'expected an integer from 0 to 4294967294, got -1',
  ),
  bad(
    local({ processes: { forkOptions: { serialization: 'v8' } } }),
    'DM_OPTION_VALUE',
    `${fork}.serialization`,
    "expected 'json' or 'advanced', got \"v8\"",
  ),
  bad(
    local({ workers: { spawnOptions: { eval: true } } }),
    'DM_OPTION_MISPLACED',
    `${spawn}.eval`,
    'has no effect here: instances run a file; give it in file',
  ),
  bad(
    local({ workers: { spawnOptions: { argv: 'a' } } }),
    'DM_OPTION_TYPE',
    `${spawn}.argv`,
    'expected an array, got a string of 1 byte',
  ),
  bad(
    local({ workers: { spawnOptions: { resourceLimits: { maxOldGenerationSizeMb: 0 } } } }),
    'DM_OPTION_VALUE',
    `${spawn}.resourceLimits.maxOldGenerationSizeMb`,
    'expected a number of MiB above 0, got 0',
  ),
  bad(
    local({ clusters: { forkOptions: {} } }),
    'DM_OPTION_UNKNOWN',
    'clusters.forkOptions',
    'there is no such option; expected one of env',
  ),
]

const both: readonly BadOptions[] = [
  bad(
    { mode: 'machines' },
    'DM_OPTION_MISSING',
    'machines',
    "expected an object with me: 'parent' or 'child', got undefined",
  ),
  bad(
    { mode: 'machines', machines: [] },
    'DM_OPTION_TYPE',
    'machines',
    "expected an object with me: 'parent' or 'child', got an empty array",
  ),
  bad(
    { mode: 'machines', machines: {} },
    'DM_OPTION_MISSING',
    'machines.me',
    "required, but not given; expected 'parent' or 'child'",
  ),
  bad(
    { mode: 'machines', machines: { me: 'Parent' } },
    'DM_OPTION_VALUE',
    'machines.me',
    "expected 'parent' or 'child', got \"Parent\"; did you mean 'parent'?",
  ),
  bad(
    child({ tls: true }),
    'DM_OPTION_TYPE',
    'machines.tls',
    'expected false or an object, got true',
  ),
  bad(
    child({ tls: { public: 'tls/a.pub' } }),
    'DM_OPTION_MISSING',
    'machines.tls.private',
    'required, but not given; a certificate (public) and its key (private) go together',
  ),
  bad(
    child({ tls: { private: 'tls/a.key' } }),
    'DM_OPTION_MISSING',
    'machines.tls.public',
    'required, but not given; a certificate (public) and its key (private) go together',
  ),
  bad(
    child({ tls: { public: 'tls/a.pub', private: 'tls/b.key' } }),
    'DM_OPTION_FILE',
    'machines.tls.private',
    `no such file: "tls/b.key", resolved to ${resolve(cwd, 'tls/b.key')}`,
  ),
  bad(
    child({ tls: { public: 'tls/a.pub', private: '-----BEGIN PRIVATE KEY-----\nMIIEv' } }),
    'DM_OPTION_VALUE',
    'machines.tls.private',
    'expected a path, got the text of a PEM file (33 characters); store it in a file and give its path',
  ),
  bad(
    child({ tls: { trustedConnections: 'tls/b.pub' } }),
    'DM_OPTION_TYPE',
    'machines.tls.trustedConnections',
    'expected an array of paths of certificates, got "tls/b.pub"',
  ),
  bad(
    child({ tls: { trustedConnections: ['tls/b.pub', 'tls/c.pub'] } }),
    'DM_OPTION_FILE',
    'machines.tls.trustedConnections[1]',
    `no such file: "tls/c.pub", resolved to ${resolve(cwd, 'tls/c.pub')}`,
  ),
  bad(
    child({ tls: { rejectUnauthorized: true } }),
    'DM_OPTION_CONFLICT',
    'machines.tls.rejectUnauthorized',
    'true without trustedConnections would refuse everybody; name the trusted certificates there',
  ),
  bad(
    child({ tls: { requestCert: false, trustedConnections: ['tls/b.pub'] } }),
    'DM_OPTION_CONFLICT',
    'machines.tls.requestCert',
    'false, but a parent that is not asked for its certificate cannot be checked; leave requestCert out, or set rejectUnauthorized: false',
  ),
  bad(
    child({ tls: { cert: 'tls/a.pub' } }),
    'DM_OPTION_UNKNOWN',
    'machines.tls.cert',
    "there is no such option; did you mean 'public'?",
  ),
  bad(
    child({ secret: 'hush!' }),
    'DM_OPTION_VALUE',
    'machines.secret',
    'expected a string of at least 16 bytes, got a string of 5 bytes',
  ),
  bad(
    child({ secret: 1234567890123456 }),
    'DM_OPTION_TYPE',
    'machines.secret',
    'expected a string of at least 16 bytes, got a number',
  ),
  bad(
    child({ secret: undefined }),
    'DM_OPTION_VALUE',
    'machines.secret',
    'undefined was given; is the variable set that it comes from?',
  ),
  {
    ...bad(child(), 'DM_OPTION_VALUE', 'machines.secret', ''),
    says:
      'the environment variable DISCORDOO_MACHINES_SECRET must hold a string of at least 16 bytes, ' +
      'but holds a string of 0 bytes',
    environment: { env: { DISCORDOO_MACHINES_SECRET: '' } },
  },
  bad(
    child({ trustedKeys: ['AAAA'] }),
    'DM_OPTION_VALUE',
    'machines.trustedKeys[0]',
    'expected an Ed25519 public key: 32 bytes in base64, got a string of 4 bytes',
  ),
  bad(child({ stateDir: '' }), 'DM_OPTION_VALUE', 'machines.stateDir', 'expected a path, got ""'),
  bad(
    child({ heartbeatMs: 10 }),
    'DM_OPTION_VALUE',
    'machines.heartbeatMs',
    'expected an integer of milliseconds from 100 to 60000, got 10',
  ),
  bad(
    child({ pingWarningMs: 0 }),
    'DM_OPTION_VALUE',
    'machines.pingWarningMs',
    'expected an integer of milliseconds from 1 to 2147483647, got 0',
  ),
  bad(
    child({ link: { preset: 'lam' } }),
    'DM_OPTION_VALUE',
    'machines.link.preset',
    "expected 'local', 'lan' or 'wan', got \"lam\"; did you mean 'lan'?",
  ),
  bad(
    child({ heartbeatMs: 500, link: { heartbeatMs: 500 } }),
    'DM_OPTION_CONFLICT',
    'machines.link.heartbeatMs',
    'given in machines.heartbeatMs too; give it once',
  ),
  bad(
    child({ link: { heartbeatMs: 3_000, silenceMs: 5_000 } }),
    'DM_OPTION_CONFLICT',
    'machines.link.silenceMs',
    'expected at least 2 heartbeats, which are 6000 ms, got 5000',
  ),
  bad(
    child({ link: { bufferBytesMax: 1_000 } }),
    'DM_OPTION_VALUE',
    'machines.link.bufferBytesMax',
    'expected an integer of bytes from 83886080 to 17179869184, got 1000',
  ),
]

const children: readonly BadOptions[] = [
  bad(child({}, { shards: 4 }), 'DM_OPTION_MISPLACED', 'shards', toParent),
  bad(child({}, { totalShards: 4 }), 'DM_OPTION_MISPLACED', 'totalShards', toParent),
  bad(
    child({ points: [] }),
    'DM_OPTION_MISPLACED',
    'machines.points',
    "has no effect here: it is an option of a parent; this manager is a child (machines.me: 'child')",
  ),
  bad(
    child({ leaseMs: 5_000 }),
    'DM_OPTION_MISPLACED',
    'machines.leaseMs',
    "has no effect here: it is an option of a parent; this manager is a child (machines.me: 'child')",
  ),
  bad(
    child({ host: '::1' }),
    'DM_OPTION_UNKNOWN',
    'machines.host',
    'there is no such option; give it as machines.ipc.networkHost',
  ),
  bad(
    child({ ipc: { port: 9999 } }),
    'DM_OPTION_UNKNOWN',
    'machines.ipc.port',
    "there is no such option; did you mean 'networkPort'?",
  ),
  bad(
    child({ ipc: { networkHost: '10.0.18.256' } }),
    'DM_OPTION_VALUE',
    'machines.ipc.networkHost',
    `${anyHost}, got "10.0.18.256"`,
  ),
  bad(
    child({ ipc: { networkPort: '8379' } }),
    'DM_OPTION_TYPE',
    'machines.ipc.networkPort',
    'expected an integer from 0 to 65535, got "8379"',
  ),
  bad(
    child({ ipc: { udp: 'udp4' } }),
    'DM_OPTION_TYPE',
    'machines.ipc.udp',
    'expected true or false, got "udp4"',
  ),
  bad(
    child({ takeover: 'always' }),
    'DM_OPTION_VALUE',
    'machines.takeover',
    "expected 'never' or 'higher-epoch', got \"always\"",
  ),
  bad(
    child({ whenParentStops: 'restart' }),
    'DM_OPTION_VALUE',
    'machines.whenParentStops',
    "expected 'standby' or 'exit', got \"restart\"",
  ),
  bad(
    child({ accept: { eval: 'no' } }),
    'DM_OPTION_TYPE',
    'machines.accept.eval',
    'expected true or false, got "no"',
  ),
  bad(
    child({ accept: { everything: true } }),
    'DM_OPTION_UNKNOWN',
    'machines.accept.everything',
    'there is no such option; expected one of file, execArgv, cwd, env, eval',
  ),
]

const parents: readonly BadOptions[] = [
  bad(parent([point()], {}, { file: 'bot.js' }), 'DM_OPTION_MISPLACED', 'file', toPoint),
  bad(parent([point()], {}, { shards: 4 }), 'DM_OPTION_MISPLACED', 'shards', toPoint),
  bad(parent([point()], {}, { respawn: false }), 'DM_OPTION_MISPLACED', 'respawn', toPoint),
  bad(
    parent([point()], { ipc: {} }),
    'DM_OPTION_MISPLACED',
    'machines.ipc',
    "has no effect here: it is an option of a child; this manager is a parent (machines.me: 'parent')",
  ),
  bad(
    parent(undefined),
    'DM_OPTION_MISSING',
    'machines.points',
    'required, but not given; expected an array of points, at least one',
  ),
  bad(
    parent(point()),
    'DM_OPTION_TYPE',
    'machines.points',
    'expected an array of points, at least one, got an object with "host", "shards"',
  ),
  bad(
    parent([]),
    'DM_OPTION_VALUE',
    'machines.points',
    'expected at least one point, got an empty array',
  ),
  bad(
    parent(Array.from({ length: 4097 })),
    'DM_OPTION_VALUE',
    'machines.points',
    'expected an array of points, at least one, at most 4096, got an array of 4097',
  ),
  bad(
    parent([point(), '10.0.18.2']),
    'DM_OPTION_TYPE',
    'machines.points[1]',
    'expected an object, got "10.0.18.2"',
  ),
  bad(
    parent([{ shards: 4 }]),
    'DM_OPTION_MISSING',
    'machines.points[0].host',
    `required, but not given; ${anyHost}`,
  ),
  bad(
    parent([point({ host: 'bot_1..example' })]),
    'DM_OPTION_VALUE',
    'machines.points[0].host',
    `${anyHost}, got "bot_1..example"`,
  ),
  bad(
    parent([point({ host: 'example.org:8379' })]),
    'DM_OPTION_VALUE',
    'machines.points[0].host',
    `${anyHost}, got "example.org:8379"; give the port in its own option`,
  ),
  bad(
    parent([point({ host: 'tcp://me:word@example.org' })]),
    'DM_OPTION_VALUE',
    'machines.points[0].host',
    `${anyHost}, got "tcp://***@example.org"; give the host alone, without a scheme`,
  ),
  bad(
    parent([point({ port: 70000 })]),
    'DM_OPTION_VALUE',
    'machines.points[0].port',
    'expected an integer from 1 to 65535, got 70000',
  ),
  bad(
    parent([point({ port: 0 })]),
    'DM_OPTION_VALUE',
    'machines.points[0].port',
    'expected an integer from 1 to 65535, got 0',
  ),
  bad(
    parent([point({ host: 'fe80::1%eth0', udp: 'udp4' })]),
    'DM_OPTION_CONFLICT',
    'machines.points[0].udp',
    "udp4 cannot reach fe80::1%eth0, which is an IPv6 address; give 'udp6'",
  ),
  bad(
    parent([point({ host: '10.0.18.1', udp: 'udp6' })]),
    'DM_OPTION_CONFLICT',
    'machines.points[0].udp',
    "udp6 cannot reach 10.0.18.1, which is an IPv4 address; give 'udp4'",
  ),
  bad(
    parent([point({ udp: 'udp' })]),
    'DM_OPTION_VALUE',
    'machines.points[0].udp',
    "expected 'udp4' or 'udp6', got \"udp\"; did you mean 'udp4'?",
  ),
  bad(
    parent([point({ name: 'a\u001b[31m' })]),
    'DM_OPTION_VALUE',
    'machines.points[0].name',
    'expected a name of 1 to 64 printable characters, got "a\\u001b[31m"',
  ),
  bad(
    parent([point({ networkPort: 1 })]),
    'DM_OPTION_UNKNOWN',
    'machines.points[0].networkPort',
    "there is no such option; did you mean 'port'?",
  ),
  bad(
    parent([{ host: '::1' }]),
    'DM_OPTION_MISSING',
    'machines.points[0].shards',
    'required, here or in childManagerOptions, but not given',
  ),
  bad(
    pushing({ shards: 5 }),
    'DM_OPTION_CONFLICT',
    `${pushed}.shards`,
    'it differs from machines.points[0].shards; give it once',
  ),
  bad(
    parent([point({ shardsPerInstance: 1, childManagerOptions: { shardsPerInstance: 2 } })]),
    'DM_OPTION_CONFLICT',
    `${pushed}.shardsPerInstance`,
    'it differs from machines.points[0].shardsPerInstance; give it once',
  ),
  bad(
    parent([point(), point({ shards: { from: 4, to: 7 } })]),
    'DM_OPTION_CONFLICT',
    'machines.points[1].host',
    '10.0.18.1:8379 is the address of machines.points[0] too; one machine is one point',
  ),
  bad(
    parent([
      { host: 'FE80::0202:B3FF:FE1E:8329', shards: 4 },
      { host: '[fe80::202:b3ff:fe1e:8329]', shards: { from: 4, to: 7 } },
    ]),
    'DM_OPTION_CONFLICT',
    'machines.points[1].host',
    '[fe80::202:b3ff:fe1e:8329]:8379 is the address of machines.points[0] too; one machine is one point',
  ),
  bad(
    parent([point({ name: 'north' }), { host: '::1', name: 'north', shards: { from: 4, to: 7 } }]),
    'DM_OPTION_CONFLICT',
    'machines.points[1].name',
    '"north" is the name of machines.points[0] too; names are unique',
  ),
  bad(
    parent([
      point({ shards: { from: 0, to: 127 } }),
      { host: '::1', name: 'east', childManagerOptions: { shards: { from: 100, to: 255 } } },
    ]),
    'DM_SHARDS_OVERLAP',
    'machines.points[1].childManagerOptions.shards',
    'machines.points[0] (10.0.18.1:8379) and machines.points[1] (east) both have the shards 100-127',
  ),
  bad(
    parent([point({ shards: { from: 0, to: 3 } }), { host: '::1', shards: [6, 8] }]),
    'DM_SHARDS_GAP',
    'machines.points',
    'no point has the shards 4-5,7 of 9; give them to one, or set machines.allowGaps: true',
  ),
  bad(
    parent([point()], {}, { totalShards: 6 }),
    'DM_SHARDS_GAP',
    'machines.points',
    'no point has the shards 4-5 of 6; give them to one, or set machines.allowGaps: true',
  ),
  bad(
    parent([point()], {}, { totalShards: 2 }),
    'DM_OPTION_CONFLICT',
    'totalShards',
    'expected 4 or more (the highest shard is 3), got 2',
  ),
  bad(
    parent([point({ shards: [] }), { host: '::1', shards: [] }]),
    'DM_OPTION_VALUE',
    'machines.points',
    'no point has shards; a bot has at least one, and spares take those of others',
  ),
  bad(
    parent([point({ weight: 0 })]),
    'DM_OPTION_VALUE',
    'machines.points[0].weight',
    'expected a number from 0.000001 to 1000000, got 0',
  ),
  bad(
    parent([point({ weight: Number.NaN })]),
    'DM_OPTION_VALUE',
    'machines.points[0].weight',
    'expected a number from 0.000001 to 1000000, got NaN',
  ),
  bad(
    parent([point({ weight: '2' })]),
    'DM_OPTION_TYPE',
    'machines.points[0].weight',
    'expected a number from 0.000001 to 1000000, got "2"',
  ),
  bad(
    parent([point({ maxShards: 3 })]),
    'DM_OPTION_CONFLICT',
    'machines.points[0].maxShards',
    'expected 4 or more, its own shards, got 3',
  ),
  bad(
    parent([point({ maxShards: 0 })]),
    'DM_OPTION_VALUE',
    'machines.points[0].maxShards',
    'expected an integer from 1 to 1000000, got 0',
  ),
  bad(
    parent([point({ leaseMs: 30_000 })]),
    'DM_OPTION_MISPLACED',
    'machines.points[0].leaseMs',
    'has no effect here: it is the same for all machines; give it in machines',
  ),
  bad(
    parent([point()], { maxShards: 8 }),
    'DM_OPTION_MISPLACED',
    'machines.maxShards',
    'has no effect here: it is different for each machine; give it in machines.points',
  ),
  bad(
    parent([point()], { onMachineLost: 'reasign' }),
    'DM_OPTION_VALUE',
    'machines.onMachineLost',
    "expected 'hold' or 'reassign', got \"reasign\"; did you mean 'reassign'?",
  ),
  bad(
    parent([point()], { leaseMs: 30_000 }),
    'DM_OPTION_CONFLICT',
    'machines.leaseMs',
    "there are no leases under onMachineLost: 'hold'; give 'reassign', or leave it out",
  ),
  bad(
    parent([point()], { onMachineLost: 'reassign', leaseMs: 1_999 }),
    'DM_OPTION_VALUE',
    'machines.leaseMs',
    'expected an integer of milliseconds from 2000 to 3600000, got 1999',
  ),
  bad(
    parent([point()], { dialTimeoutMs: -1 }),
    'DM_OPTION_VALUE',
    'machines.dialTimeoutMs',
    'expected an integer of milliseconds from 0 to 2147483647, got -1',
  ),
]

const pushedToChild: readonly BadOptions[] = [
  bad(pushing('workers'), 'DM_OPTION_TYPE', pushed, 'expected an object, got "workers"'),
  bad(
    pushing({ mode: 'machines' }),
    'DM_OPTION_VALUE',
    `${pushed}.mode`,
    "expected 'processes', 'workers' or 'clusters', got \"machines\"",
  ),
  bad(
    pushing({ shards: { to: 3 } }),
    'DM_SHARDS_INVALID',
    `${pushed}.shards.from`,
    `${forms}; not a shard id, got undefined`,
  ),
  bad(pushing({ output: 'ignore' }), 'DM_OPTION_MISPLACED', `${pushed}.output`, stays),
  bad(
    pushing({ processes: { forkOptions: { uid: 0 } } }),
    'DM_OPTION_MISPLACED',
    `${pushed}.${fork}.uid`,
    stays,
  ),
  bad(
    pushing({ mode: 'workers', workers: { spawnOptions: { workerData: 1 } } }),
    'DM_OPTION_MISPLACED',
    `${pushed}.${spawn}.workerData`,
    stays,
  ),
  bad(
    pushing({ processes: { env: { node_options: '--require ./x.js' } } }),
    'DM_OPTION_VALUE',
    `${pushed}.processes.env.node_options`,
    guarded,
  ),
  bad(
    pushing({ clusters: { env: { LD_PRELOAD: './x.so' } } }),
    'DM_OPTION_VALUE',
    `${pushed}.clusters.env.LD_PRELOAD`,
    guarded,
  ),
]

export const badOptions: readonly BadOptions[] = [
  ...whole,
  ...run,
  ...spawning,
  ...both,
  ...children,
  ...parents,
  ...pushedToChild,
]
