/**
 * Instances that exist only in a virtual world, behind the launcher seam. Inside each run the real
 * preload and the real bot API; how the bot behaves is rolled by the dice of the world.
 */
import type { Readable } from 'node:stream'
import { formatRanges, listToRanges } from '../../../src/allocator/shard-lists.js'
import { Bot } from '../../../src/bot/bot.js'
import { PreloadRuntime } from '../../../src/bot/preload-runtime.js'
import { Talk } from '../../../src/bot/talk.js'
import {
  type InstanceIdentity,
  InstanceOp,
} from '../../../src/instances/channel/instance-channel.js'
import type {
  InstanceExit,
  LaunchedInstance,
  LaunchSpec,
} from '../../../src/modes/local/launcher.js'
import { closedIpc } from '../../../src/modes/local/launchers/bot-ipc.js'
import { VirtualChannel } from './virtual-channel.js'
import type { VirtualHost } from './virtual-host.js'
import type { VirtualProcess } from './virtual-process.js'

/** How one incarnation behaves. */
export interface Behaviour {
  /** From its launch to ready, ms; Infinity: never. */
  readonly readyAfterMs: number
  /** From its launch to a crash, ms; Infinity: none. */
  readonly crashAfterMs: number
  /** How long its goodbye takes, ms; Infinity: it never comes to an end. */
  readonly goodbyeMs: number
  /** It does its own thing on SIGTERM, which is nothing. */
  readonly ignoresTerm: boolean
}

/** Output of somebody who prints nothing, as a fleet reads it. */
const silence = {
  on() {},
  once: (_event: 'close', listener: () => void) => queueMicrotask(listener),
} as unknown as Readable

export class VirtualInstance implements LaunchedInstance {
  readonly process: VirtualProcess
  readonly spec: LaunchSpec
  readonly channel: VirtualChannel
  readonly ipc = closedIpc()
  readonly stdout: Readable = silence
  readonly stderr: Readable = silence
  readonly raw: unknown = this
  readonly pid: number
  readonly exited: Promise<InstanceExit>
  readonly #behaviour: Behaviour
  #isReady = false
  /** Signals wait while it is suspended, all but one. */
  #hasTerm = false

  constructor(
    host: VirtualHost,
    manager: VirtualProcess,
    spec: LaunchSpec,
    pid: number,
    behaviour: Behaviour,
  ) {
    this.spec = spec
    this.pid = pid
    this.#behaviour = behaviour
    this.process = host.spawn(`instance ${spec.id} (pid ${pid})`, pid)
    const [near, far] = VirtualChannel.pair(manager, this.process)
    this.channel = near
    this.exited = new Promise((resolve) => {
      this.process.onDeath((death) => {
        host.world.note(`${this.process.name} is gone: ${death}`)
        const exit = {
          code: death === 'exit' ? 0 : null,
          signal: death === 'exit' ? null : 'SIGKILL',
        }
        host.world.after(host.world.between(0, 5), () => manager.post(() => resolve(exit)))
      })
    })
    this.process.post(() => this.#run(far))
  }

  get isReady(): boolean {
    return this.#isReady && this.process.isAlive
  }

  kill(signal: string): void {
    const { process } = this
    process.host.world.after(process.host.world.between(0, 2), () => {
      if (signal === 'SIGKILL') process.die('kill')
      else if (!this.#hasTerm) {
        this.#hasTerm = true
        process.post(() => {
          if (!this.#behaviour.ignoresTerm) process.die('kill')
        })
      }
    })
  }

  #run(channel: VirtualChannel): void {
    const { process } = this
    const { readyAfterMs, crashAfterMs, goodbyeMs } = this.#behaviour
    const runtime = new PreloadRuntime(identityOf(this.spec), channel, {
      system: process,
      exit: () => process.die('exit'),
      raiseTerm: () => false,
      afterTurn: (action) => process.afterTurn(action),
      onContinue: (action) => process.onContinue(action),
      warn: (warning) => process.host.world.note(`${process.name} warns: ${String(warning)}`),
    })
    channel.send(InstanceOp.HELLO)
    const bot = new Bot(runtime, true, process, (options) => new Talk(options))
    bot.handle('ping', (payload) => payload)
    bot.on('stopping', () => {
      if (goodbyeMs === Infinity) return new Promise(() => {})
      return new Promise<void>((resolve) => process.setTimer(goodbyeMs, resolve))
    })
    if (readyAfterMs < Infinity) {
      process.setTimer(readyAfterMs, () => {
        this.#isReady = true
        bot.ready()
      })
    }
    if (crashAfterMs < Infinity) process.setTimer(crashAfterMs, () => process.die('exit'))
  }
}

function identityOf(spec: LaunchSpec): InstanceIdentity {
  const { id, shards, totalShards, machine, callTimeoutMs } = spec
  return {
    version: 1,
    instance: id,
    shards: formatRanges(listToRanges(shards)),
    totalShards,
    machine,
    mode: 'processes',
    callTimeoutMs,
  }
}
