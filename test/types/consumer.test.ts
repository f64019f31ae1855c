import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Project, packageRoot } from '../support/manager-process.js'

let project: Project | undefined
afterEach(() => project?.remove())

/** A project outside of this repository, so that only what npm users get is seen. */
async function consumer(): Promise<Project> {
  project = await Project.create()
  cpSync(join(packageRoot, 'test/types/consumer'), project.folder, { recursive: true })
  mkdirSync(join(project.folder, 'node_modules/@types'))
  for (const name of ['node', 'debug', 'ms']) {
    const types = join(packageRoot, 'node_modules/@types', name)
    symlinkSync(types, join(project.folder, 'node_modules/@types', name), 'junction')
  }
  return project
}

function compile({ folder }: Project, ...flags: string[]): string {
  const compiler = join(packageRoot, 'node_modules/typescript-5.0/bin/tsc')
  try {
    execFileSync(process.execPath, [compiler, '-p', folder, ...flags], { encoding: 'utf8' })
    return ''
  } catch (error) {
    return String(Reflect.get(Object(error), 'stdout'))
  }
}

describe('the types of the package', () => {
  it('compile in a consumer with TypeScript 5.0', async () => {
    expect(compile(await consumer())).toBe('')
  })

  it('compile with the old node10 resolution, subpath included', async () => {
    const old = ['--module', 'es2022', '--moduleResolution', 'node10', '--skipLibCheck']
    expect(compile(await consumer(), ...old)).toBe('')
  })

  it('do not turn into any: a wrong use is an error', async () => {
    const made = await consumer()
    const wrong = `import { ShardingManager } from 'discordoo-machines'
new ShardingManager({ mode: 'processes', file: 'x', shards: { form: 1, to: 2 } })
new ShardingManager({ mode: 'threads', file: 'x', shards: 2 })`
    writeFileSync(join(made.folder, 'wrong.ts'), wrong)
    const errors = compile(made)
    expect(errors).toMatch(/wrong\.ts\(2,/)
    expect(errors).toMatch(/wrong\.ts\(3,/)
  })
})

describe('the package', () => {
  it('is loaded by require() without a warning', async () => {
    project = await Project.create()
    const code = `const { ShardingManager, ShardingModes } = require('discordoo-machines')
const { bot } = require('discordoo-machines/bot')
console.log(typeof ShardingManager, ShardingModes.Machines, bot.managed)`
    await project.write('main.cjs', code)
    const running = await project.run('main.cjs')
    expect(await running.exited).toBe(0)
    expect(running.output).toBe('function machines false\n')
  })
})
