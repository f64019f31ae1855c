import { describe, expect, it } from 'vitest'
import type { LaunchSpec } from '../../../../src/modes/local/launcher.js'
import { inheritable, withPreload } from '../../../../src/modes/local/launchers/exec-argv.js'
import { instanceEnv } from '../../../../src/modes/local/launchers/instance-env.js'
import { runOptions } from '../../../support/launched-bot.js'

describe('the arguments of an instance', () => {
  it.each([
    [[], []],
    [
      ['--inspect', '--no-warnings'],
      ['--inspect', '--no-warnings'],
    ],
    [
      ['--no-warnings', '-e', 'program()', '--trace-gc'],
      ['--no-warnings', '--trace-gc'],
    ],
    [['--input-type=module', '--eval', 'program()'], []],
    [['-p'], []],
  ])('are those of the manager %j without its program text', (given, kept) => {
    expect(inheritable(given)).toEqual(kept)
  })

  it('are the preload and then those of the user, where given', () => {
    const [flag, preload, ...rest] = withPreload(['--mine'], ['--of-the-manager'])
    expect(flag).toBe('--require')
    expect(preload).toMatch(/^[^:]*bot[\\/]preload\.cjs$/)
    expect(rest).toEqual(['--mine'])
    expect(withPreload(undefined, ['--of-the-manager']).slice(2)).toEqual(['--of-the-manager'])
    expect(withPreload([], ['--of-the-manager']).slice(2)).toEqual([])
  })
})

describe('the environment of an instance', () => {
  const spec: LaunchSpec = {
    id: 3,
    shards: [0, 1, 2],
    totalShards: 4,
    machine: 'm',
    callTimeoutMs: 1_000,
    managerIpcId: '1',
    instanceIpcId: '2',
    run: runOptions('workers', {
      env: { GIVEN: 'by the user', PATH: '/user', DISCORDOO_MACHINES_INSTANCE: 'forged' },
    }),
  }

  it('has the variables of the manager, the user and us, in this order', () => {
    const env = instanceEnv({ PATH: '/manager', HOME: '/home' }, spec, 'workers')
    expect(env).toMatchObject({ PATH: '/user', HOME: '/home', GIVEN: 'by the user' })
    expect(env.DISCORDOO_MACHINES_CHANNEL).toBe('port')
    expect(JSON.parse(env.DISCORDOO_MACHINES_INSTANCE ?? '')).toEqual({
      version: 1,
      instance: 3,
      shards: '0-2',
      totalShards: 4,
      machine: 'm',
      mode: 'workers',
      callTimeoutMs: 1_000,
    })
  })

  it('does not hold the secret of the manager', () => {
    const env = instanceEnv({ DISCORDOO_MACHINES_SECRET: 'x' }, spec, 'processes')
    expect(env).not.toHaveProperty('DISCORDOO_MACHINES_SECRET')
    expect(env.DISCORDOO_MACHINES_CHANNEL).toBe('fd')
  })
})
