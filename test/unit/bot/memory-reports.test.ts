import { describe, expect, it } from 'vitest'
import { memoryBytes, reportMemory } from '../../../src/bot/memory-reports.js'
import { limits } from '../../../src/limits.js'
import { VirtualSystem } from '../../support/virtual-system.js'

const mebibyte = 1024 * 1024

/** Until the end, so that no collection in between makes up for what a test adds. */
const kept: Buffer[] = []

describe('reports of memory', () => {
  it('come in a steady rhythm, until they are cancelled', async () => {
    const system = new VirtualSystem()
    const reports: string[] = []
    let bytes = 5
    const cancel = reportMemory(
      system,
      () => bytes,
      (measured) => reports.push(`${system.now()}: ${measured}`),
    )
    bytes = 7
    await system.advance(2 * limits.memoryReportEveryMs)
    cancel()
    await system.advance(limits.memoryReportEveryMs)
    expect(reports).toEqual([
      `${limits.memoryReportEveryMs}: 7`,
      `${2 * limits.memoryReportEveryMs}: 7`,
    ])
    expect(system.pendingTimers).toBe(0)
  })
})

describe('the memory of an instance', () => {
  it.each(['processes', 'workers', 'clusters'] as const)('counts Buffers in %s', (mode) => {
    const before = memoryBytes(mode)
    kept.push(Buffer.alloc(64 * mebibyte, 1))
    const grown = memoryBytes(mode) - before
    expect(grown).toBeGreaterThan(32 * mebibyte)
  })
})
