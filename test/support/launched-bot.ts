/** Launches one bot through a launcher from `dist` and gathers what it says. */
import { fileURLToPath } from 'node:url'
import type { LaunchedInstance, Launcher, LaunchSpec } from '../../dist/modes/local/launcher.js'
import type { RunOptions } from '../../dist/options/resolved-options.js'

export const launcherModes = ['processes', 'workers', 'clusters'] as const
export type LauncherMode = (typeof launcherModes)[number]

/** Absolute path of a file in test/fixtures/bots. */
export function botFile(name: string): string {
  return fileURLToPath(new URL(`../fixtures/bots/${name}`, import.meta.url))
}

/** Options as resolved options would have them, quick enough for tests. */
export function runOptions(mode: LauncherMode, changes: Partial<RunOptions> = {}): RunOptions {
  return {
    mode,
    file: botFile('scripted.js'),
    env: {},
    forkOptions: {},
    spawnOptions: {},
    startTimeoutMs: 20_000,
    startConcurrency: 4,
    killTimeoutMs: 5_000,
    respawn: {
      enabled: true,
      delayMs: 20,
      delayMsMax: 100,
      attemptsMax: 3,
      healthyMs: 60_000,
    },
    output: 'prefix',
    dialect: 'native',
    maxMemoryMb: undefined,
    ...changes,
  }
}

const ops = { hello: 1, ready: 2, envelope: 3, goodbye: 4, stop: 16 } as const

export class LaunchedBot {
  readonly instance: LaunchedInstance
  /** Ops of all frames, in order. */
  readonly ops: number[] = []
  readonly envelopes: Buffer[] = []
  /** How the channel closed; undefined while it is open. */
  closed: { error: Error | undefined } | undefined
  output = ''
  #look: () => void = () => {}

  constructor(instance: LaunchedInstance) {
    this.instance = instance
    instance.channel.events = {
      frame: (op, payload) => {
        this.ops.push(op)
        if (op === ops.envelope) this.envelopes.push(Buffer.from(payload))
        this.#look()
      },
      close: (error) => {
        this.closed = { error }
        this.#look()
      },
    }
    for (const stream of [instance.stdout, instance.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
        this.#look()
      })
    }
  }

  /** Resolves when it holds; looked at with every frame and every output. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (holds()) resolve()
      }
      this.#look()
    })
  }

  greeted(): Promise<void> {
    return this.until(() => this.ops.includes(ops.hello))
  }

  ready(): Promise<void> {
    return this.until(() => this.ops.includes(ops.ready))
  }

  async envelope(index = 0): Promise<Buffer> {
    await this.until(() => this.envelopes.length > index)
    return this.envelopes[index] ?? Buffer.alloc(0)
  }

  async json(index = 0): Promise<Record<string, unknown>> {
    const value: Record<string, unknown> = JSON.parse((await this.envelope(index)).toString())
    return value
  }

  send(envelope: Uint8Array): boolean {
    return this.instance.channel.send(ops.envelope, envelope)
  }

  askStop(): void {
    const request = Buffer.from(JSON.stringify({ reason: 'test', timeoutMs: 5_000 }))
    this.instance.channel.send(ops.stop, request)
  }
}

export function specOf(run: RunOptions, changes: Partial<LaunchSpec> = {}): LaunchSpec {
  return {
    id: 3,
    shards: [96, 97, 98, 127],
    totalShards: 256,
    machine: '10.0.18.1:8379',
    callTimeoutMs: 30_000,
    managerIpcId: '1',
    instanceIpcId: '2',
    run,
    ...changes,
  }
}

/** Launches the scripted bot. */
export function launchScript(
  launcher: Launcher,
  script: string,
  changes: Partial<RunOptions> = {},
): LaunchedBot {
  const env = { SCRIPT: script, ...changes.env }
  const run = runOptions(launcher.mode, { ...changes, env })
  return new LaunchedBot(launcher.launch(specOf(run)))
}
