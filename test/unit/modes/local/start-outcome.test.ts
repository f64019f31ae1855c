import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../../src/errors.js'
import { startFailure } from '../../../../src/modes/local/start-outcome.js'

const error = new MachinesError('DM_INSTANCE_EXITED', 'exit code 1', { instance: 1 })
const starts = [
  { id: 0, error: undefined },
  { id: 1, error },
  { id: 2, error: 'a word' },
]
const all = () => true

describe('the start of several instances', () => {
  it('has succeeded when each has, be it none at all', () => {
    expect(startFailure('m', [], all)).toBeUndefined()
    expect(startFailure('m', starts.slice(0, 1), all)).toBeUndefined()
  })

  it('has failed with what each of them said', () => {
    expect(startFailure('m', starts, all)).toMatchObject({
      code: 'DM_START_FAILED',
      message: '2 of 3 instances of m did not start',
      machine: 'm',
      failures: [error, { message: 'a word' }],
    })
  })

  it('leaves out those that nobody wants any more', () => {
    const failure = startFailure('m', starts, (id) => id !== 2)
    expect(failure).toMatchObject({ code: 'DM_START_FAILED', failures: [error] })
  })

  it('was aborted when those are all that failed', () => {
    expect(startFailure('m', starts, (id) => id === 0)).toMatchObject({ code: 'DM_START_ABORTED' })
  })
})
