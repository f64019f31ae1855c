/** What one incarnation prints, passed on as `run.output` says. */
import type { FleetOptions } from './fleet-types.js'
import type { LaunchedInstance, LaunchSpec } from './launcher.js'
import { drain, linePrefix, type OutputStream, pumpBytes, pumpLines, writeBytes } from './output.js'

export type OutputOptions = Pick<FleetOptions, 'run' | 'writeOutput'>

export class InstanceOutput {
  /** Resolves when both streams have ended and everything was passed on. */
  readonly ended: Promise<unknown>
  readonly #prefix: string
  readonly #options: OutputOptions

  constructor(launched: LaunchedInstance, spec: LaunchSpec, options: OutputOptions) {
    this.#prefix = linePrefix(spec.machine, spec.id, spec.shards)
    this.#options = options
    this.ended = Promise.all([this.#pump(launched, 'stdout'), this.#pump(launched, 'stderr')])
  }

  /** Prints the error that ended a thread: unlike a process, a thread does not print it itself. */
  async printError(error: Error): Promise<void> {
    const text = `${error.stack ?? error.message}\n`
    const { run, writeOutput } = this.#options
    if (run.output === 'inherit') await writeBytes('stderr', Buffer.from(text))
    if (run.output !== 'prefix') return
    for (const line of text.trimEnd().split('\n')) {
      await writeOutput('stderr', `${this.#prefix}${line}`)
    }
  }

  #pump(launched: LaunchedInstance, name: OutputStream): Promise<void> {
    const stream = launched[name]
    const { run, writeOutput } = this.#options
    if (stream === null) return Promise.resolve()
    if (run.output === 'inherit') return pumpBytes(stream, (bytes) => writeBytes(name, bytes))
    if (run.output === 'ignore') return drain(stream)
    return pumpLines(stream, this.#prefix, (line) => writeOutput(name, line))
  }
}
