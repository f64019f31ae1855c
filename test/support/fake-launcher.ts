/** Instances that exist only in a test, behind the launcher seam: a real fleet runs on them. */
import { PassThrough } from 'node:stream'
import { InstanceOp, ManagerOp } from '../../src/instances/channel/instance-channel.js'
import type {
  InstanceExit,
  LaunchedInstance,
  Launcher,
  LaunchSpec,
} from '../../src/modes/local/launcher.js'
import { closedIpc } from '../../src/modes/local/launchers/bot-ipc.js'
import { deferred } from './deferred.js'
import { FakeChannel } from './fake-channel.js'

/** How a bot behaves; read anew at each of its steps. */
export interface FakeBots {
  /** Calls ready() by itself. */
  startsWell: boolean
  /** Ends when it is asked to stop. */
  stopsWell: boolean
}

export class FakeInstance implements LaunchedInstance {
  readonly channel: FakeChannel
  readonly stdout = new PassThrough()
  readonly stderr = new PassThrough()
  readonly raw: unknown = this
  readonly ipc = closedIpc()
  readonly pid: number
  readonly spec: LaunchSpec
  readonly envelopes: Uint8Array[] = []
  isRunning = true
  readonly #exit = deferred<InstanceExit>()

  constructor(spec: LaunchSpec, pid: number, bots: FakeBots) {
    this.spec = spec
    this.pid = pid
    this.channel = new BotChannel({
      envelope: (envelope) => this.envelopes.push(envelope),
      stop: () => {
        if (bots.stopsWell) this.exit({ code: 0, signal: null })
      },
    })
    setImmediate(() => {
      if (this.isRunning && bots.startsWell) this.becomeReady()
    })
  }

  get exited(): Promise<InstanceExit> {
    return this.#exit.promise
  }

  kill(signal: string): void {
    if (signal === 'SIGKILL') this.exit({ code: null, signal })
  }

  becomeReady(): void {
    this.channel.receive(InstanceOp.HELLO)
    this.channel.receive(InstanceOp.ATTACHED)
    this.channel.receive(InstanceOp.READY)
  }

  say(envelope: Uint8Array): void {
    this.channel.receive(InstanceOp.ENVELOPE, envelope)
  }

  exit(exit: InstanceExit = { code: 1, signal: null }): void {
    if (!this.isRunning) return
    this.isRunning = false
    this.stdout.end()
    this.stderr.end()
    this.channel.lose()
    this.#exit.resolve(exit)
  }
}

/** What the manager sends, as the bot takes it. */
class BotChannel extends FakeChannel {
  readonly #bot: { envelope(envelope: Uint8Array): void; stop(): void }

  constructor(bot: { envelope(envelope: Uint8Array): void; stop(): void }) {
    super()
    this.#bot = bot
  }

  override send(op: number, payload: Uint8Array = new Uint8Array(0)): boolean {
    const isSent = super.send(op, payload)
    if (isSent && op === ManagerOp.ENVELOPE) this.#bot.envelope(payload)
    if (isSent && op === ManagerOp.STOP) this.#bot.stop()
    return isSent
  }
}

export class FakeLauncher implements Launcher {
  readonly mode = 'processes'
  readonly bots: FakeBots = { startsWell: true, stopsWell: true }
  /** Every incarnation, in the order they were launched. */
  readonly launched: FakeInstance[] = []

  launch(spec: LaunchSpec): LaunchedInstance {
    const instance = new FakeInstance(spec, 100 + this.launched.length, this.bots)
    this.launched.push(instance)
    return instance
  }

  async close(): Promise<void> {}

  get running(): readonly FakeInstance[] {
    return this.launched.filter(({ isRunning }) => isRunning)
  }

  /** The latest incarnation of an instance. */
  instance(id: number): FakeInstance {
    const found = this.launched.findLast(({ spec }) => spec.id === id)
    if (found === undefined) throw new Error(`instance ${id} was never launched`)
    return found
  }
}
