/** The `Client` of a discord.js bot, as far as the preload has to do with it. */

export interface DiscordJsClient {
  readonly _eval: (script: string) => unknown
  /** Ends all gateway connections in order. */
  destroy?(): unknown
}

export function isDiscordJsClient(value: unknown): value is DiscordJsClient {
  if (typeof value !== 'object' || value === null || !('_eval' in value)) return false
  const { _eval } = value
  return typeof _eval === 'function'
}

/** Evaluates a text with the client as `this`; throws whatever the text throws. */
export function evaluate(client: DiscordJsClient, script: string): unknown {
  const { _eval } = client
  return Reflect.apply(_eval, client, [script])
}
