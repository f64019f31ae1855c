import { resolve } from 'node:path'
import type { OptionsEnvironment } from '../../../src/options/options-environment.js'

export const cwd: string = resolve('/srv/bot')

/** A world in which just these files exist. */
export function environment(changes: Partial<OptionsEnvironment> = {}): OptionsEnvironment {
  const files = ['bot.js', 'dist/start.js', 'tls/a.pub', 'tls/a.key', 'tls/b.pub', 'tls/dh.pem']
  const present = new Set(files.map((file) => resolve(cwd, file)))
  return {
    cwd,
    isFile: (path) => present.has(path),
    env: {},
    platform: 'linux',
    ...changes,
  }
}

/** A parent with these points; `machines` and `rest` add members or take their place. */
export function parent(points: unknown, machines: object = {}, rest: object = {}): object {
  return { mode: 'machines', machines: { me: 'parent', points, ...machines }, ...rest }
}

export function child(machines: object = {}, rest: object = {}): object {
  return { mode: 'machines', file: 'bot.js', machines: { me: 'child', ...machines }, ...rest }
}

export function local(rest: object = {}): object {
  return { mode: 'processes', file: 'bot.js', shards: 4, ...rest }
}

/** A point without faults, with these members added or replaced. */
export function point(rest: object = {}): object {
  return { host: '10.0.18.1', shards: 4, ...rest }
}

/** A parent with one point whose childManagerOptions are these. */
export function pushing(childManagerOptions: unknown): object {
  return parent([point({ childManagerOptions })])
}
