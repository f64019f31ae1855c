import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MachinesError } from '../../../src/errors.js'
import { applyPush } from '../../../src/options/apply-push.js'
import { isGuarded } from '../../../src/options/env-check.js'
import type { OptionsEnvironment } from '../../../src/options/options-environment.js'
import { resolveOptions } from '../../../src/options/resolve-options.js'
import type { ResolvedChild, RunOptions } from '../../../src/options/resolved-options.js'
import { child, cwd, environment, parent, point } from './fixtures.js'

function resolvedChild(accept: object = {}, rest: object = {}): ResolvedChild {
  const resolved = resolveOptions(child({ accept }, rest), environment())
  if (resolved.kind !== 'child') throw new Error(`resolved as ${resolved.kind}`)
  return resolved
}

function apply(
  pushed: unknown,
  accept: object = {},
  changes: Partial<OptionsEnvironment> = {},
): RunOptions {
  return applyPush(resolvedChild(accept), pushed, environment(changes))
}

function refusal(...given: Parameters<typeof apply>): MachinesError {
  try {
    apply(...given)
  } catch (error) {
    if (error instanceof MachinesError) return error
    throw error
  }
  throw new Error('the push was accepted')
}

describe('applyPush', () => {
  it('puts what was pushed over the settings of the child for that mode', () => {
    const own = resolvedChild(
      {},
      {
        killTimeoutMs: 1,
        workers: { env: { A: 'own', B: 'own' }, spawnOptions: { name: 'bot' } },
        processes: { env: { A: 'not this one' } },
      },
    )
    const pushed = { mode: 'workers', env: { A: 'pushed' }, startConcurrency: 2 }
    expect(applyPush(own, pushed, environment())).toEqual({
      ...own.runs.workers,
      startConcurrency: 2,
      env: { A: 'pushed', B: 'own' },
    })
  })

  it('takes everything that a parent resolves', () => {
    const childManagerOptions = {
      processes: { env: { A: '1' } },
      respawn: { delayMs: 5, identifiesPerDayMax: 9 },
      maxMemoryMb: 300,
    }
    const resolved = resolveOptions(parent([point({ childManagerOptions })]), environment())
    const [one] = resolved.kind === 'parent' ? resolved.points : []
    const run = apply(JSON.parse(JSON.stringify(one?.child)))
    expect(run).toMatchObject({
      mode: 'processes',
      env: { A: '1' },
      respawn: { delayMs: 5, identifiesPerDayMax: 9 },
      maxMemoryMb: 300,
    })
  })

  it.each([
    ['file', { file: 'dist/start.js' }, 'childManagerOptions.file'],
    ['execArgv', { execArgv: ['-v'] }, 'childManagerOptions.processes.forkOptions.execArgv'],
    ['cwd', { cwd: '/' }, 'childManagerOptions.processes.forkOptions.cwd'],
  ])('refuses %s unless the child accepts it', (name, pushed, path) => {
    const error = refusal({ mode: 'processes', ...pushed })
    expect(error).toMatchObject({ code: 'DM_ASSIGNMENT_REFUSED', path })
    expect(error.message).toBe(
      `the child refuses ${path}: the child does not take ${name} from its parent; leave it out, ` +
        `or set machines.accept.${name}: true on the child`,
    )
    expect(apply({ mode: 'processes', ...pushed }, { [name]: true }).mode).toBe('processes')
  })

  it('resolves accepted paths in its own working directory', () => {
    const accept = { file: true, cwd: true }
    const run = apply({ mode: 'processes', file: 'dist/start.js', cwd: 'dist' }, accept)
    expect(run.file).toBe(resolve(cwd, 'dist/start.js'))
    expect(run.forkOptions.cwd).toBe(resolve(cwd, 'dist'))
  })

  it('hands accepted arguments to workers in their own options', () => {
    const run = apply({ mode: 'workers', execArgv: ['-v'] }, { execArgv: true })
    expect(run.spawnOptions.execArgv).toEqual(['-v'])
    expect(run.forkOptions).toEqual({})
  })

  it('names a missing file only to a parent that may push one', () => {
    expect(refusal({ mode: 'processes', file: 'gone.js' }).message).not.toContain('no such file')
    expect(refusal({ mode: 'processes', file: 'gone.js' }, { file: true }).message).toContain(
      'no such file: "gone.js"',
    )
  })

  it('refuses variables when the child accepts none', () => {
    expect(refusal({ mode: 'clusters', env: { A: '1' } }, { env: false }).path).toBe(
      'childManagerOptions.clusters.env',
    )
  })

  it('refuses what a mode has no use for, even when it is accepted', () => {
    const accept = { cwd: true, execArgv: true }
    expect(refusal({ mode: 'workers', cwd: '/' }, accept).message).toContain('no meaning')
    expect(refusal({ mode: 'clusters', execArgv: [] }, accept).message).toContain('no meaning')
  })

  it('refuses clusters on Windows', () => {
    expect(refusal({ mode: 'clusters' }, {}, { platform: 'win32' }).path).toBe(
      'childManagerOptions.mode',
    )
  })

  it.each([
    null,
    [],
    'processes',
    {},
    { mode: 'machines' },
    { mode: 'processes', env: { A: 1 } },
    { mode: 'processes', env: JSON.parse('{ "__proto__": "x" }') },
    { mode: 'processes', env: { node_options: '-r x' } },
    { mode: 'processes', env: { DISCORDOO_MACHINES_SECRET: 'x' } },
    { mode: 'processes', killTimeoutMs: '1' },
    { mode: 'processes', maxMemoryMb: 0 },
    { mode: 'processes', respawn: false },
    { mode: 'processes', respawn: { enabled: true } },
    { mode: 'processes', uid: 0 },
    JSON.parse('{ "mode": "processes", "__proto__": {} }'),
  ])('refuses the malformed push %j', (pushed) => {
    const error = refusal(pushed)
    expect(error.code).toBe('DM_ASSIGNMENT_REFUSED')
    expect(error.path).toMatch(/^childManagerOptions/)
    expect(error.message).toContain(error.path)
  })
})

describe('variables that may not travel', () => {
  it.each([
    'NODE_OPTIONS',
    'node_path',
    'NODE_EXTRA_CA_CERTS',
    'NODE_TLS_REJECT_UNAUTHORIZED',
    'LD_PRELOAD',
    'Ld_Audit',
    'DYLD_INSERT_LIBRARIES',
    'Path',
    'HOME',
    'SSL_CERT_FILE',
    'OPENSSL_CONF',
    'BASH_ENV',
    'BASH_FUNC_ls%%',
    'ELECTRON_RUN_AS_NODE',
    'npm_config_node_options',
  ])('are known: %s', (name) => {
    expect(isGuarded(name)).toBe(true)
  })

  it.each(['NODE_ENV', 'DISCORD_TOKEN', 'PATHS', 'DEBUG', 'LDAP_URL', 'TZ'])(
    'are not: %s',
    (name) => {
      expect(isGuarded(name)).toBe(false)
    },
  )
})
