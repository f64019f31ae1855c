import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { processEnvironment } from '../../../src/options/options-environment.js'

describe('processEnvironment', () => {
  const { cwd, env, isFile, platform } = processEnvironment()

  it('finds files, and neither folders nor what is missing', () => {
    const own = fileURLToPath(import.meta.url)
    expect(isFile(own)).toBe(true)
    expect(isFile(fileURLToPath(new URL('.', import.meta.url)))).toBe(false)
    expect(isFile(`${own}.gone`)).toBe(false)
    expect(isFile(`${own}/below-a-file`)).toBe(false)
  })

  it('is that of this process', () => {
    expect({ cwd, platform }).toEqual({ cwd: process.cwd(), platform: process.platform })
    expect(env).toBe(process.env)
  })
})
