import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Check } from '../../../src/options/checks.js'
import { guardedVariables, harmlessVariables } from '../../../src/options/env-check.js'
import { optionChecks } from '../../../src/options/resolve-options.js'

const page = readFileSync(new URL('../../../docs/reference/options.md', import.meta.url), 'utf8')

/** Every option that a check knows, as `machines.points[].host`. */
function pathsOf(check: Check<unknown>, path = ''): string[] {
  const members = Object.entries(check.members ?? {}).flatMap(([name, member]) => {
    const inner = path === '' ? name : `${path}.${name}`
    return [inner, ...pathsOf(member, inner)]
  })
  return check.entries === undefined
    ? members
    : [...members, ...pathsOf(check.entries, `${path}[]`)]
}

/** Who knows an option, in the words of the page. */
function known(): Map<string, string> {
  const owners = new Map<string, string[]>()
  for (const kind of ['local', 'parent', 'child'] as const) {
    for (const path of pathsOf(optionChecks[kind])) {
      owners.set(path, [...(owners.get(path) ?? []), kind])
    }
  }
  return new Map(
    [...owners].map(([path, kinds]) => [path, kinds.length === 3 ? 'all' : kinds.join(', ')]),
  )
}

function documented(): Map<string, string> {
  const rows = [...page.matchAll(/^\| `([^`]+)` \| ([^|]+) \|/gm)]
  return new Map(rows.map(([, path = '', who = '']) => [path, who]))
}

describe('the page of options', () => {
  it('lists every option once, with the managers that have it', () => {
    const rows = [...page.matchAll(/^\| `/gm)]
    expect(Object.fromEntries(documented())).toEqual(Object.fromEntries(known()))
    expect(rows).toHaveLength(known().size)
  })

  it('knows options on every level', () => {
    const paths = [...known().keys()]
    expect(paths).toContain('respawn.delayMsMax')
    expect(paths).toContain('machines.points[].childManagerOptions.processes.forkOptions.cwd')
  })

  it('lists the variables that do not travel', () => {
    const [, list = ''] = /\*\*Variables that do not travel\.\*\*(.*)in upper/.exec(page) ?? []
    const names = [...list.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
    expect(new Set(names)).toEqual(new Set([...guardedVariables, ...harmlessVariables]))
  })
})
