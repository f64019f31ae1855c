/** Failures of real processes under `reassign` that are over before the lease is. */
import { describe } from 'vitest'
import { steadyFailures } from './steady-failures.js'

describe('under reassign, within the lease', () => {
  // Long enough for a parent to be started again on a computer with other work.
  steadyFailures({ leaseMs: 15_000 })
})
