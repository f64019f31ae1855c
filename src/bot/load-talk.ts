/** Loads the talking part of the bot API when it is needed, which takes 3 ms once. */
import type { Talk, TalkOptions } from './talk.js'

export function loadedTalk(options: TalkOptions): Talk {
  const { createRequire } = process.getBuiltinModule('node:module')
  const loaded: unknown = createRequire(import.meta.url)('./talk.cjs')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `require` gives what it is told to
  const { Talk } = loaded as typeof import('./talk.js')
  return new Talk(options)
}
