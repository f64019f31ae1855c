/** Takes the code blocks out of the guide and puts a test's own paths and addresses into them. */
import { readFile } from 'node:fs/promises'

/** The blocks of one language of a Markdown file, in order. */
export async function codeBlocks(file: string, language: 'ts' | 'js' = 'ts'): Promise<string[]> {
  const text = await readFile(file, 'utf8')
  const blocks = text.matchAll(/```(\w+)\n(.*?)```/gs)
  return [...blocks].flatMap(([, name, code = '']) => (name === language ? [code] : []))
}

/** Replaces exactly one occurrence, so that a guide that changed its wording is noticed. */
export function replaceOnce(text: string, from: string | RegExp, to: string): string {
  const found = typeof from === 'string' ? text.split(from).length - 1 : matches(text, from)
  if (found !== 1) throw new Error(`expected ${from} once in the guide, found it ${found} times`)
  return text.replace(from, () => to)
}

export function replaceAll(text: string, from: string | RegExp, to: string): string {
  const found = typeof from === 'string' ? text.split(from).length - 1 : matches(text, from)
  if (found === 0) throw new Error(`expected ${from} in the guide, found it nowhere`)
  return text.replaceAll(from, () => to)
}

/** The code without comments and blank space, to compare two translations of one guide. */
export function withoutComments(code: string): string {
  return code
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/'[^']*(путь|path|айпи|address)[^']*'/g, "'…'")
    .replace(/\s+/g, ' ')
}

function matches(text: string, pattern: RegExp): number {
  const flags = pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`
  return [...text.matchAll(new RegExp(pattern, flags))].length
}
