/** The processes of one contender, with a folder for what they keep: started as one, ended as one. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess } from './processes.js'

export class ProcessGroup {
  #folder = ''
  /** In the order of their starts. @type {import('./processes.js').BenchProcess[]} */
  processes = []

  /**
   * Gives an empty group to `work`, and ends what it has started where it fails.
   *
   * @template T
   * @param {(group: ProcessGroup) => Promise<T>} work
   */
  static async start(work) {
    const group = new ProcessGroup()
    try {
      group.#folder = await mkdtemp(join(tmpdir(), 'discordoo-machines-bench-'))
      return await work(group)
    } catch (error) {
      await group.stop()
      throw error
    }
  }

  /** A folder of its own for a process. @param {string} name */
  stateDir(name) {
    return join(this.#folder, name)
  }

  /**
   * Starts a file that takes its settings as its first argument.
   *
   * @param {URL} file
   * @param {object} [settings]
   * @param {Record<string, string>} [env]
   */
  async add(file, settings = {}, env = {}) {
    const one = await startProcess(file, { args: [JSON.stringify(settings)], env })
    this.processes.push(one)
    return one
  }

  /** Ends all, the last one first. */
  async stop() {
    for (const one of this.processes.toReversed()) await one.stop()
    if (this.#folder !== '') await rm(this.#folder, { recursive: true, force: true })
  }
}
