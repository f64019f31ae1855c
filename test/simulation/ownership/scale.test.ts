import { describe, expect, it } from 'vitest'
import { ScaleRun } from './scale.js'

/** `npm run sim -- --scale` goes up to 1,000 machines with 100,000 shards, and shows the figures. */
const isFull = process.env.SCALE === '1'
const sizes = isFull ? [10, 100, 1_000] : [10, 100]

describe('a parent of many machines', () => {
  it('moves what a tenth of them ran, and nothing else', { timeout: 300_000 }, async () => {
    for (const machines of sizes) {
      const run = new ScaleRun(machines)
      const report = await run.run()
      expect(run.running).toBe(10 * machines)
      expect(report.loss.movedShards).toBe(10 * machines)
      // Renewals, and nothing that grows with the number of machines.
      expect(report.rest.messagesUp / machines).toBeLessThan(12)
      expect(report.rest.messagesDown / machines).toBeLessThan(12)
      if (isFull) process.stdout.write(`${JSON.stringify(report, rounded, 2)}\n`)
    }
  })
})

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 10) / 10 : value
}
