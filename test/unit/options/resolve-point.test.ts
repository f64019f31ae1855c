import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../src/errors.js'
import { resolveOptions } from '../../../src/options/resolve-options.js'
import { resolvePoint } from '../../../src/options/resolve-point.js'
import type { ResolvedParent, ResolvedPoint } from '../../../src/options/resolved-options.js'
import { environment, parent, point } from './fixtures.js'

function asParent(input: unknown): ResolvedParent {
  const resolved = resolveOptions(input, environment())
  if (resolved.kind !== 'parent') throw new Error(`resolved as ${resolved.kind}`)
  return resolved
}

function fault(given: unknown, taken: readonly ResolvedPoint[] = []): unknown {
  try {
    return resolvePoint(given, undefined, taken, environment())
  } catch (error) {
    return error
  }
}

describe('a point that is added', () => {
  it.each([
    [
      'with what it says itself',
      point({ weight: 3, maxShards: 9, tls: { dhparam: 'tls/dh.pem' } }),
      {},
    ],
    ['with the tls of its parent', point(), { tls: false }],
    ['as a spare', { host: '::1', shards: [] }, {}],
  ])('becomes the same as in the options of a parent: %s', (_, given, machines) => {
    const other = point({ host: 'other', shards: [7] })
    const options = asParent(parent([given, other], { allowGaps: true, ...machines }))
    expect(resolvePoint(given, options.tls, [], environment())).toEqual(options.points[0])
  })

  it.each([
    [{ shards: 4 }, 'DM_OPTION_MISSING', 'point.host'],
    [{ host: '::1' }, 'DM_OPTION_MISSING', 'point.shards'],
    [point({ weight: -1 }), 'DM_OPTION_VALUE', 'point.weight'],
    [
      point({ tls: { trustedConnections: ['tls/c.pub'] } }),
      'DM_OPTION_FILE',
      'point.tls.trustedConnections[0]',
    ],
    ['10.0.18.1', 'DM_OPTION_TYPE', 'point'],
  ])('is refused as there, by a path of its own: %j', (given, code, path) => {
    const error = fault(given)
    expect(error).toBeInstanceOf(MachinesError)
    expect(error).toMatchObject({ code, path, message: expect.stringContaining(`${path}: `) })
  })

  it('is refused when the address or the name is taken', () => {
    const { points } = asParent(parent([point({ name: 'north' })]))
    expect(fault(point({ name: 'south' }), points)).toMatchObject({
      code: 'DM_OPTION_CONFLICT',
      path: 'point.host',
      message: 'point.host: 10.0.18.1:8379 is the address of north too; one machine is one point',
    })
    expect(fault(point({ host: '::1', name: 'north' }), points)).toMatchObject({
      code: 'DM_OPTION_CONFLICT',
      path: 'point.name',
    })
    expect(fault(point({ host: '::1' }), points)).toMatchObject({ name: '[::1]:8379' })
  })

  it('tells every fault at once', () => {
    expect(fault(point({ port: 0, weight: 0 }))).toMatchObject({
      path: 'point.port',
      failures: [{ path: 'point.port' }, { path: 'point.weight' }],
    })
  })
})
