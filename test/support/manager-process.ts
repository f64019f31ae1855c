/** Runs a manager file as its own OS process, in a folder that can import the built package. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const packageRoot: string = join(import.meta.dirname, '../..')

/** A folder with the package in node_modules, as a user's project has it. */
export class Project {
  readonly folder: string
  readonly #processes: ManagerProcess[] = []

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(): Promise<Project> {
    const folder = await mkdtemp(join(tmpdir(), 'discordoo-machines-test-'))
    await mkdir(join(folder, 'node_modules'))
    await symlink(packageRoot, join(folder, 'node_modules/discordoo-machines'), 'junction')
    return new Project(folder)
  }

  async write(file: string, code: string): Promise<string> {
    const path = join(this.folder, file)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, code)
    return path
  }

  /** Starts a file of the project; `cwd` is a folder inside of it, `env` goes on top of our own, `under` is put before the command. */
  async run(
    file: string,
    cwd = '.',
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    under: readonly string[] = [],
  ): Promise<ManagerProcess> {
    const folder = join(this.folder, cwd)
    await mkdir(folder, { recursive: true })
    const [command, ...words] = [...under, process.execPath, join(this.folder, file), ...args]
    const child = spawn(command ?? process.execPath, words, {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const running = new ManagerProcess(child)
    this.#processes.push(running)
    return running
  }

  /** Ends what still runs and removes the folder. */
  async remove(): Promise<void> {
    await Promise.all(this.#processes.map((running) => running.kill('SIGKILL')))
    await rm(this.folder, { recursive: true, force: true })
  }
}

export class ManagerProcess {
  readonly child: ChildProcess
  #output = ''
  readonly #exited: Promise<number | null>
  readonly #watchers: Set<() => void> = new Set()
  #ended = false

  constructor(child: ChildProcess) {
    this.child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        for (const look of this.#watchers) look()
      })
    }
    this.#exited = once(child, 'close').then(([code]) => {
      this.#ended = true
      for (const look of this.#watchers) look()
      return code as number | null
    })
  }

  get pid(): number {
    return this.child.pid ?? -1
  }

  /** Everything it printed so far, both streams. */
  get output(): string {
    return this.#output
  }

  /** Resolves to the exit code once it has ended; null when a signal ended it. */
  get exited(): Promise<number | null> {
    return this.#exited
  }

  /** Resolves with the match as soon as the output has one; rejects when the process ends first. */
  waitFor(pattern: RegExp): Promise<RegExpMatchArray> {
    return this.waitUntil(() => this.#output.match(pattern) ?? undefined, String(pattern))
  }

  /** Resolves once `found` gives something for the output so far. */
  waitUntil<T>(found: (output: string) => T | undefined, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const result = found(this.#output)
        if (result !== undefined) {
          this.#watchers.delete(look)
          resolve(result)
        } else if (this.#ended) {
          this.#watchers.delete(look)
          reject(new Error(`ended before ${what}; it printed:\n${this.#output}`))
        }
      }
      this.#watchers.add(look)
      look()
    })
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.#ended) this.child.kill(signal)
    return this.#exited
  }
}
