/** Valid bytes to begin with: those of the golden file. */
import { readFileSync } from 'node:fs'
import type { Golden } from '../unit/link/golden-vectors.js'

const file = new URL('../../docs/protocol/golden.json', import.meta.url)
export const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden

export function bytesOf(vectors: readonly { readonly hex: string }[]): Buffer[] {
  return vectors.map(({ hex }) => Buffer.from(hex, 'hex'))
}
