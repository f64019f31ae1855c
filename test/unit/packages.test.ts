/** What comes along with the package: few dependencies, which run nothing at install. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

interface Locked {
  readonly dev?: boolean
  readonly version?: string
  readonly resolved?: string
  readonly hasInstallScript?: boolean
}

const manifest: {
  dependencies: Record<string, string>
  optionalDependencies: Record<string, string>
  devDependencies: Record<string, string>
} = JSON.parse(read('package.json'))
const lock: { packages: Record<string, Locked> } = JSON.parse(read('package-lock.json'))
const locked = Object.entries(lock.packages).filter(([path]) => path !== '')
const runtime = locked.filter(([, { dev }]) => dev !== true).map(([path]) => path)

/** The first column of a table of the page, below a heading; names stand in back quotes. */
function documented(heading: string): string[] {
  const [, section = ''] = read('docs/internals/dependencies.md').split(`## ${heading}\n`)
  const rows = section.split('\n## ')[0]?.matchAll(/^\| (.*?) \|/gm) ?? []
  const names = [...rows].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)])
  return names.map(([, name = '']) => name)
}

describe('the packages that come with this one', () => {
  it('are found at all', () => {
    expect(runtime).toContain('node_modules/tweetnacl')
    expect(runtime).not.toContain('node_modules/vitest')
  })

  it('run nothing at install', () => {
    const flagged = runtime.filter((path) => lock.packages[path]?.hasInstallScript)
    // Optional ones for other platforms are in the lock file, but not on this disk.
    const installed = runtime.filter((path) => existsSync(join(root, path, 'package.json')))
    expect(installed).toContain('node_modules/tweetnacl')
    const scripted = installed.filter((path) => {
      const { scripts = {} }: { scripts?: object } = JSON.parse(read(join(path, 'package.json')))
      const names = ['preinstall', 'install', 'postinstall']
      return names.some((name) => name in scripts) || existsSync(join(root, path, 'binding.gyp'))
    })
    expect({ flagged, scripted }).toEqual({ flagged: [], scripted: [] })
  })

  /** Other versions of node-ipc carried malware: docs/internals/dependencies.md. */
  it.each([
    ['node-ipc', '9.2.1'],
    ['event-pubsub', '4.3.0'],
    ['js-message', '1.0.7'],
    ['js-queue', '2.0.2'],
    ['easy-stack', '1.0.1'],
  ])('have %s in the one version that was read, %s', (name, version) => {
    const copies = locked.filter(([path]) => path.endsWith(`node_modules/${name}`))
    expect(copies.map(([path, copy]) => [path, copy.version])).toEqual([
      [`node_modules/${name}`, version],
    ])
    const installed: { version: string } = JSON.parse(read(`node_modules/${name}/package.json`))
    expect(installed.version).toBe(version)
    if (name === 'node-ipc') expect(manifest.dependencies[name]).toBe(version)
  })

  it('are those that the page of dependencies gives a reason for', () => {
    const names = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })
    expect(names.toSorted()).toEqual(documented('At run time').toSorted())
  })

  it('are named on that page where they are for building and testing, too', () => {
    const named = new Set(documented('For building and testing'))
    const unnamed = Object.keys(manifest.devDependencies).filter(
      (name) => !named.has(name) && !name.startsWith('@types/'),
    )
    expect(unnamed).toEqual([])
  })
})

describe('the lock file', () => {
  it('names no registry: every user has their own', () => {
    expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
  })
})
