/** Packages that few starts need are loaded by those alone. */
import { createRequire } from 'node:module'
import { sep } from 'node:path'
import { expect, it } from 'vitest'
import '../../src/index.js'
import { identityFromSeed, seedBytes } from '../../src/link/identity.js'
import { makeCertificate } from '../../src/transport/self-signed.js'

const { cache } = createRequire(import.meta.url)

function isLoaded(name: string): boolean {
  return Object.keys(cache).some((file) => file.includes(`${sep}node_modules${sep}${name}${sep}`))
}

it('loads what makes certificates when one is made', async () => {
  expect(isLoaded('selfsigned')).toBe(false)
  await makeCertificate('child')
  expect(isLoaded('selfsigned')).toBe(true)
})

it('loads what signs with the first identity', () => {
  expect(isLoaded('tweetnacl')).toBe(false)
  identityFromSeed(new Uint8Array(seedBytes))
  expect(isLoaded('tweetnacl')).toBe(true)
})

it('loads no debug output that nobody has switched on', () => {
  expect(isLoaded('debug')).toBe(false)
})
