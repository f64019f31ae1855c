/** What each choice of the `dialect` option means for an instance. */
import type { DialectFactory, DialectName, DialectSpec } from '../../instances/dialects/dialect.js'
import { discordJsDialect } from '../../instances/dialects/discordjs/discordjs-dialect.js'
import { discordJsEnv } from '../../instances/dialects/discordjs/discordjs-env.js'
import { discordooDialect } from '../../instances/dialects/discordoo/discordoo-dialect.js'
import { discordooEnv } from '../../instances/dialects/discordoo/discordoo-env.js'
import type { DialectOption } from '../../options/resolved-options.js'

interface DialectParts {
  readonly env: (spec: DialectSpec) => Record<string, string>
  readonly factory: DialectFactory
}

const parts: Readonly<Record<DialectName, DialectParts>> = {
  discordoo: { env: discordooEnv, factory: discordooDialect },
  'discord.js': { env: discordJsEnv, factory: discordJsDialect },
}

const namesFor: Readonly<Record<DialectOption, readonly DialectName[]>> = {
  auto: ['discordoo', 'discord.js'],
  discordoo: ['discordoo'],
  'discord.js': ['discord.js'],
  native: [],
}

/** Variables that a bot of such a dialect looks for; `auto` gives those of all. */
export function dialectEnv(option: DialectOption, spec: DialectSpec): Record<string, string> {
  return Object.assign({}, ...namesFor[option].map((name) => parts[name].env(spec)))
}

/** The dialects that the bot may turn out to speak. */
export function candidatesFor(
  option: DialectOption,
): Readonly<Partial<Record<DialectName, DialectFactory>>> {
  return Object.fromEntries(namesFor[option].map((name) => [name, parts[name].factory]))
}

/** Whether bots may speak this dialect under the option. */
export function mayBe(option: DialectOption, name: DialectName): boolean {
  return namesFor[option].includes(name)
}
