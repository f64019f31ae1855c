/** What validation wants to know about the world, injected so that it stays a pure function. */
import { statSync } from 'node:fs'

export interface OptionsEnvironment {
  /** Absolute path of the folder that relative paths resolve from. */
  readonly cwd: string
  /** Whether a file (not a folder) can be found at an absolute path. */
  isFile(path: string): boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
}

/** The environment of this process. */
export function processEnvironment(): OptionsEnvironment {
  return {
    cwd: process.cwd(),
    isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
    env: process.env,
    platform: process.platform,
  }
}
