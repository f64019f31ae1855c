/**
 * Every error that this package throws or hands out is a {@link MachinesError} with a stable `code`.
 *
 * Match on `error.code`, not on the message: messages may get clearer, codes never change their
 * meaning and a retired code is never used again. `docs/reference/errors.md` explains each of them;
 * a test holds the two lists together.
 */

/** Every code with the one sentence that says when it appears. */
export const errorCodes = {
  // Options: thrown by constructors, before anything starts.
  DM_OPTION_UNKNOWN: 'An option has a name that does not exist.',
  DM_OPTION_MISSING: 'A required option was not given.',
  DM_OPTION_TYPE: 'An option has a value of the wrong type.',
  DM_OPTION_VALUE: 'An option has a value outside of what is allowed.',
  DM_OPTION_FILE: 'A file or folder named in an option is missing or cannot be read.',
  DM_OPTION_MISPLACED:
    'An option stands where it has no effect; the message says where it belongs.',
  DM_OPTION_CONFLICT: 'Two options contradict each other.',
  DM_SHARDS_INVALID: 'A shard list is not a number, an array of shard ids, or { from, to }.',
  DM_SHARDS_OVERLAP: 'Two points were given the same shard.',
  DM_SHARDS_GAP: 'Some shards below totalShards were given to no point.',
  DM_CERTIFICATE_INVALID: 'A certificate, key or dhparam file does not hold what it should.',
  // Life of a manager.
  DM_SPAWN_LOOP: 'A ShardingManager was created inside an instance that a manager started.',
  DM_STATE: 'The call does not fit the state the manager is in.',
  DM_START_FAILED: 'Some machines or instances did not start; `failures` names each of them.',
  DM_START_ABORTED: 'stop() was called while start() was still going on.',
  DM_NOT_IN_THIS_MODE: 'The call has no meaning in this mode of the manager.',
  // Who owns which shards.
  DM_NO_ROOM: 'No machine that can be used has room for these shards.',
  DM_PLAN_STALE: 'Where shards run has changed since the plan was made.',
  DM_SHARDS_HELD:
    'Shards are not started, because a machine that is not among the points may still run them.',
  DM_REASSIGN_HELD:
    'The shards of a lost machine are not given to others for now; the message says why.',
  // Instances.
  DM_INSTANCE_START_TIMEOUT: 'An instance did not report ready within startTimeoutMs.',
  DM_INSTANCE_EXITED: 'An instance exited before it was ready.',
  DM_INSTANCE_START_FAILED: 'The bot of an instance said itself that it cannot start.',
  DM_INSTANCE_SPAWN: 'The process, worker or cluster worker of an instance could not be created.',
  DM_INSTANCE_CRASH_LOOP: 'An instance kept exiting and will not be respawned by itself any more.',
  DM_INSTANCE_MEMORY:
    'The memory of an instance stayed above maxMemoryMb, so it is restarted; only ever a warning.',
  DM_RESPAWN_HELD:
    'A machine has started so many gateway sessions in 24 hours that it respawns no more for now.',
  DM_FORMER_INSTANCES:
    'Instances of an earlier start of this manager still run, or may still run; only ever a warning.',
  DM_INSTANCE_UNKNOWN: 'No instance has this id.',
  DM_CHANNEL_PROTOCOL: 'Bytes on the local channel between manager and instance make no sense.',
  // Routing and calls.
  DM_TARGET_INVALID: 'The target of a call is not of a known shape.',
  DM_TARGET_UNKNOWN:
    'The target of a call names an instance, shard or machine that does not exist.',
  DM_TIMEOUT: 'An instance did not answer before the deadline of the call.',
  DM_OFFLINE: 'An instance, or the machine it runs on, cannot be reached now.',
  DM_PENDING_LIMIT: 'Too many calls are waiting for an answer.',
  DM_MANAGER_LOST: 'The manager of this instance is gone.',
  DM_STOPPED: 'The manager or instance is stopping and takes no more calls.',
  DM_REMOTE: 'The code that ran on the other side threw; `cause` holds what it threw.',
  DM_EVAL_REFUSED:
    'Code may not run there: a machine does not accept eval from outside (machines.accept.eval), and a manager never runs code of bots.',
  DM_EVAL_SCRIPT: 'The script of an eval is neither a function nor a string that compiles.',
  DM_HANDLER_UNKNOWN: 'The instance has no request handler of this name.',
  DM_BODY_UNSUPPORTED: 'A message, context or result holds something that cannot be sent.',
  DM_BODY_TOO_LARGE: 'A message, context or result is larger than the limit.',
  DM_BODY_INVALID: 'A message body that was received cannot be decoded.',
  DM_ENVELOPE_INVALID: 'The header of a routed message makes no sense.',
  DM_TOPOLOGY_INVALID: 'The list of machines and instances that the parent sent makes no sense.',
  // Links between managers.
  DM_DIAL_FAILED: 'The connection to a machine could not be made.',
  DM_DIAL_TIMEOUT: 'A machine could not be reached within dialTimeoutMs.',
  DM_LISTEN_FAILED: 'A child manager, or a fake Discord, cannot listen on its address.',
  DM_UDP_UNAVAILABLE:
    'UDP was asked for, and the package udx-native is missing or cannot run on this system.',
  DM_TLS_FAILED: 'The TLS handshake with the other manager failed.',
  DM_CERTIFICATE_REFUSED: 'The certificate of the other manager is not one that is trusted.',
  DM_CERTIFICATE_EXPIRED: 'A certificate is outside of its validity dates; only ever a warning.',
  DM_FRAME_TOO_LARGE: 'A frame announces more bytes than the limit.',
  DM_FRAME_INVALID: 'A frame makes no sense.',
  DM_PREFACE_INVALID: 'The other side does not speak the discordoo-machines protocol.',
  DM_PROTOCOL_VERSION: 'The two managers have no protocol version in common.',
  DM_HANDSHAKE_TIMEOUT: 'The handshake did not finish in time.',
  DM_HANDSHAKE_INVALID: 'A handshake message is malformed or out of order.',
  DM_IDENTITY_REFUSED: 'The other manager could not prove that it is one that is trusted.',
  DM_IDENTITY_CHANGED: 'A machine known from before presents another identity key.',
  DM_TRUST_ON_FIRST_USE:
    'A warning: managers recognise each other by nothing but their first meeting.',
  DM_REFUSED_TOO_OFTEN:
    'Too many handshakes from one address failed; its next connections are closed for a while.',
  DM_CONNECTION_LIMIT: 'Too many connections that have proven nothing yet were open.',
  DM_PARENT_REPLACED: 'Another parent, started later, has taken the child over.',
  DM_PARENT_BUSY: 'The child already serves another parent.',
  DM_EPOCH_OLD: 'The parent carries an older epoch than the one the child has seen.',
  DM_LINK_LOST: 'The link to the other manager was lost and could not be resumed.',
  DM_LINK_CLOSED: 'The link to the other manager was closed.',
  DM_LINK_BACKLOG: 'Too many bytes wait to be sent on a link.',
  DM_CONTROL_INVALID: 'A control message of the other manager makes no sense and was ignored.',
  DM_ASSIGNMENT_REFUSED: 'The child does not allow something that the parent pushed.',
  DM_ASSIGNMENT_STALE: 'The assignment is older than what the child was told since.',
  DM_LEASE_LOST:
    'The lease of a machine has ended, as its parent did not renew it: its instances are stopped.',
  DM_STATE_DIR: 'The state folder cannot be read or written.',
  DM_INTERNAL: 'An invariant of this package was broken; please report it.',
} as const

export type ErrorCode = keyof typeof errorCodes

/** Whether a word from outside (another manager, a file) is a code that this version knows. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code)
}

/** Facts that go with an error, beside its code and message. */
export interface ErrorDetails {
  /** What caused it, where something else threw first. */
  readonly cause?: unknown
  /** Path of the option, as `machines.points[1].host`. */
  readonly path?: string
  /** What was given, shortened for people. */
  readonly given?: string
  /** What would have been allowed, in words. */
  readonly allowed?: string
  /** All faults, where one error stands for several. */
  readonly failures?: readonly Error[]
  /** Name of the machine concerned. */
  readonly machine?: string
  /** Id of the instance concerned. */
  readonly instance?: number
}

const brand = Symbol.for('discordoo-machines.error')

/**
 * The error class of this package.
 *
 * `instanceof MachinesError` also holds for errors made by another copy of the package in the same
 * process, because a bot's folder and its manager's folder may each bring their own.
 */
export class MachinesError extends Error {
  override readonly name: string = 'MachinesError'
  /** What went wrong, for programs: a code keeps its meaning in every version. */
  readonly code: ErrorCode
  // Declared, not defined: what an error has nothing to say about, it does not have at all.
  /** Path of the option, as `machines.points[1].host`. */
  declare readonly path?: string
  /** What was given, shortened for people; never a secret. */
  declare readonly given?: string
  /** What would have been allowed, in words. */
  declare readonly allowed?: string
  /** All faults, where this error stands for several. */
  declare readonly failures?: readonly Error[]
  /** Name of the machine concerned. */
  declare readonly machine?: string
  /** Id of the instance concerned. */
  declare readonly instance?: number

  /** Made by this package; bots and managers only ever get them. */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { cause, ...facts } = details
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    Object.assign(this, facts)
    Object.defineProperty(this, brand, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }
}

/** Turns whatever was thrown into an Error, so that it can be a `cause` and has a message. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  return new Error(typeof thrown === 'string' ? thrown : `a thrown value: ${String(thrown)}`, {
    cause: thrown,
  })
}
