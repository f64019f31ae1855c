import { describe, expect, it } from 'vitest'
import { limits } from '../../../../src/limits.js'
import { WorkerLease } from '../../../../src/modes/local/launchers/worker-lease.js'
import { deferred } from '../../../support/deferred.js'

function setUp() {
  const calls: string[] = []
  const lease = new WorkerLease({
    lease: (killAt) => calls.push(`lease ${killAt}`),
    watchHost: (pid) => calls.push(`watch ${pid === process.pid}`),
    unwatch: (pid) => calls.push(`unwatch ${pid === process.pid}`),
  })
  return { lease, calls }
}

describe('the lease of worker threads', () => {
  it('concerns their process while any of them lives', async () => {
    const { lease, calls } = setUp()
    const [first, second] = [deferred(), deferred()]
    lease.lease(1_000)
    expect(calls.splice(0)).toEqual([`lease ${1_000 + limits.workersEndMs}`])
    lease.started(first.promise)
    lease.started(second.promise)
    expect(calls.splice(0)).toEqual(['watch true'])
    first.resolve()
    await first.promise
    expect(calls).toEqual([])
    second.resolve()
    await second.promise
    expect(calls).toEqual(['unwatch true'])
  })

  it('concerns nobody where there is none', async () => {
    const { lease, calls } = setUp()
    const thread = deferred()
    lease.started(thread.promise)
    expect(calls).toEqual([])
    lease.lease(1_000)
    lease.lease(undefined)
    expect(calls.slice(1)).toEqual(['watch true', 'lease undefined', 'unwatch true'])
    thread.resolve()
    await thread.promise
    expect(calls).toHaveLength(4)
  })
})
