/** What validation wants to know about the world, injected so that it stays a pure function. */
import { statSync } from 'node:fs'

export interface OptionsEnvironment {
  /** Absolute path of the folder that relative paths resolve from. */
  readonly cwd: string
  /** Whether a file (not a folder) can be found at an absolute path. Never throws. */
  readonly isFile: (path: string) => boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
}

/** The environment of this process. */
export function processEnvironment(): OptionsEnvironment {
  return {
    cwd: process.cwd(),
    isFile,
    env: process.env,
    platform: process.platform,
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    // Missing, below a file, or in a folder that may not be entered: nothing to be found, each time.
    return false
  }
}
