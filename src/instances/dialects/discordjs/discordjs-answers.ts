/** What a bot gets for `broadcastEval` and `fetchClientValues`, in the shape of discord.js. */
import { MachinesError } from '../../../errors.js'
import { valuesOf } from '../../../routing/calls.js'
import { asOwn } from '../../../routing/respond.js'
import type { Target } from '../../../routing/target.js'
import type { DialectHost, DialectMessage } from '../dialect.js'
import type { Question } from './discordjs-words.js'

/** An error as discord.js sends it; it has no room for a code. */
interface PlainError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
}

export type Reply = Question['echo'] &
  ({ readonly _result: unknown } | { readonly _error: PlainError })

/**
 * Asks the network and resolves with the answer, within the deadline of calls; never rejects.
 *
 * Without a shard, the result is a list of one value per instance, by ascending instance id; with
 * one, the value of the instance that serves it. As soon as one fails, there is an error instead.
 */
export async function replyTo(
  question: Question,
  { spec, network }: Pick<DialectHost, 'spec' | 'network'>,
): Promise<Reply> {
  try {
    const target = targetOf(question.shard, spec.totalShards)
    const runsCode = question.op === 'eval'
    const values = valuesOf(await network.ask(target, messageOf(question), { runsCode }))
    return { ...question.echo, _result: target === 'all' ? values : values[0] }
  } catch (error) {
    return errorReply(question, asOwn(error))
  }
}

/** For an answer that cannot be handed to the bot as it is. */
export function errorReply({ echo }: Question, error: MachinesError): Reply {
  return { ...echo, _error: plainError(error) }
}

/** discord.js takes everything but a number for "all shards". */
function targetOf(shard: unknown, totalShards: number): Target {
  if (typeof shard !== 'number') return 'all'
  if (Number.isInteger(shard) && shard >= 0 && shard < totalShards) return { shard }
  const message = `shard ${shard} could not be found: there are ${totalShards}`
  throw new MachinesError('DM_TARGET_UNKNOWN', message)
}

function messageOf({ op, what }: Question): DialectMessage {
  if (typeof what !== 'string') {
    throw op === 'eval'
      ? new MachinesError('DM_EVAL_SCRIPT', 'broadcastEval: the script is no text')
      : new MachinesError('DM_OPTION_TYPE', 'fetchClientValues: only the path of a property')
  }
  const dialect = 'discord.js'
  return op === 'eval' ? { dialect, op, script: what } : { dialect, op, prop: what }
}

/**
 * Of an Error that the code of a bot threw its own name, message and stack, as with discord.js; of
 * everything else what this package has to say about it, with the code where discord.js puts its own.
 */
function plainError(error: MachinesError): PlainError {
  const thrown = error.code === 'DM_REMOTE' ? error.cause : undefined
  if (thrown instanceof Error) {
    const { name, message, stack } = thrown
    return { name, message, stack }
  }
  const { name, code, message, stack } = error
  return { name: `${name} [${code}]`, message, stack }
}
