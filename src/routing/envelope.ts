/**
 * The envelope: what travels between asker and answerer, over local channels and links alike.
 *
 * A header that routers read, and a body that they never open. Layout, big-endian:
 *
 * ```
 * 0  u8   kind
 * 1  u8   verb
 * 2  u8   status             responses only, else 0
 * 3  u8   target kind
 * 4  u32  request id         chosen by the asker, unique among its pending calls
 * 8  u32  source endpoint
 * 12 u32  budget in ms       what is left of the deadline when the envelope is sent
 * 16 u32  questions          a bit for each that is asked or answered, else 0; see questions.ts
 * 20 u32  target bytes (n)
 * 24 n    target             see target-codec
 * 24+n    body               opaque
 * ```
 */
import type { Endpoint } from './endpoint.js'
import type { Questions } from './questions.js'
import type { ResolvedTarget } from './resolved-target.js'

export const EnvelopeKind = {
  /** One-way message. */
  SEND: 1,
  /** A call that wants an answer from each target, to each of its questions. */
  REQUEST: 2,
  /** One target's answers to some of the questions; `source` is who answers, `target` the asker. */
  RESPONSE: 3,
  /** Router to asker, before any RESPONSE: who will be asked (body: JSON list of InstanceName). */
  EXPECT: 4,
  /** Router to asker: the call as a whole cannot be carried out (body: an error). */
  FAULT: 5,
  /** Router to the source of a SEND: these targets did not get it (body: JSON). */
  UNDELIVERED: 6,
} as const
export type EnvelopeKind = (typeof EnvelopeKind)[keyof typeof EnvelopeKind]

export const Verb = {
  /** SEND: a message for the bot's `message` event. */
  MESSAGE: 1,
  /** REQUEST: evaluate a function (machines may refuse it from outside). */
  EVAL: 2,
  /** REQUEST: call a named handler. */
  CALL: 3,
  /** REQUEST between bots of one dialect that holds a script: refused where EVAL is. */
  EVAL_DIALECT: 4,
  /** REQUEST between bots of one dialect. */
  CALL_DIALECT: 5,
  /** SEND between bots of one dialect, or from one to the manager of all. */
  TELL: 6,
} as const
export type Verb = (typeof Verb)[keyof typeof Verb]

/** Verbs that the dialect of a bot deals with; the others are for `discordoo-machines/bot`. */
export function isDialectVerb(verb: Verb | undefined): boolean {
  return verb === Verb.EVAL_DIALECT || verb === Verb.CALL_DIALECT || verb === Verb.TELL
}

export const Status = { NONE: 0, OK: 1, ERROR: 2, TIMEOUT: 3, OFFLINE: 4 } as const
export type Status = (typeof Status)[keyof typeof Status]

export interface EnvelopeHeader {
  readonly kind: EnvelopeKind
  readonly verb: Verb
  readonly status: Status
  readonly requestId: number
  readonly source: Endpoint
  readonly budgetMs: number
  /** REQUEST: all of the call; RESPONSE: those that it answers; else none. */
  readonly questions: Questions
  readonly target: ResolvedTarget
}
