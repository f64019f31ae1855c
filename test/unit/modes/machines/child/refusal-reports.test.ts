import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../../src/errors.js'
import { limits } from '../../../../../src/limits.js'
import { RefusalReports } from '../../../../../src/modes/machines/child/refusal-reports.js'

const cause = new Error('below')
const refusal = new MachinesError('DM_IDENTITY_REFUSED', 'who are you', { given: 'x', cause })

describe('RefusalReports', () => {
  it('tells each refusal as it is while there are few', () => {
    const reports = new RefusalReports()
    for (let n = 0; n < limits.refusalReportsBurst; n++) {
      expect(reports.report(refusal, 0)).toBe(refusal)
    }
    expect(reports.report(refusal, 0)).toBeUndefined()
  })

  it('makes a line a second out of thousands, and says how many there were', () => {
    const reports = new RefusalReports()
    const told: MachinesError[] = []
    for (let n = 0; n < 10_000; n++) {
      const report = reports.report(refusal, n)
      if (report) told.push(report)
    }
    expect(told.length).toBeLessThanOrEqual(limits.refusalReportsBurst + 10)
    const silent = told.map(({ message }) => Number(/and (\d+) more/.exec(message)?.[1] ?? 0))
    const left = Number(/and (\d+) more/.exec(reports.report(refusal, 20_000)?.message ?? '')?.[1])
    expect(told.length + silent.reduce((sum, count) => sum + count, 0) + left).toBe(10_000)
  })

  it('keeps what the error says beside the number', () => {
    const reports = new RefusalReports()
    for (let n = 0; n <= limits.refusalReportsBurst; n++) reports.report(refusal, 0)
    expect(reports.report(refusal, limits.refusalReportEveryMs)).toMatchObject({
      code: refusal.code,
      given: 'x',
      cause,
      message: 'who are you (and one more was refused since the last report)',
    })
  })
})
