/**
 * A child as its parent sees it, for bots of a thousand machines: it says what a child has to say, at
 * once, and runs nothing. The parent holds its link without a network in between.
 */
import { parseRanges, rangesToList } from '../../../src/allocator/shard-lists.js'
import { MachinesError } from '../../../src/errors.js'
import { type DialEvents, type Message, noHealth } from '../../../src/link/link.js'
import type { DialedLink } from '../../../src/link/link-dialer.js'
import {
  type AssignedInstance,
  type AssignmentSource,
  type ChildMessage,
  encodeControl,
} from '../../../src/modes/machines/control-messages.js'
import { parseParentMessage } from '../../../src/modes/machines/control-parser.js'
import type { Cancel } from '../../../src/system/system.js'
import type { ScaleMeter } from './scale-meter.js'

const killTimeoutMs = 500
const delayMs = 5

interface Running {
  readonly source: AssignmentSource
  readonly totalShards: number
  readonly instances: readonly AssignedInstance[]
}

export class ChildStub implements DialedLink {
  readonly peer = undefined
  readonly health = noHealth
  readonly isOpen = true
  readonly backlogBytes = 0
  readonly #meter: ScaleMeter
  readonly #leaseMs: number
  readonly #events: DialEvents
  #running: Running | undefined
  #isUp = false
  #requests = 0
  #cancelLease: Cancel = () => {}

  constructor(meter: ScaleMeter, leaseMs: number, events: DialEvents) {
    this.#meter = meter
    this.#leaseMs = leaseMs
    this.#events = events
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** How many instances it was told to run. */
  get instances(): number {
    return this.#running?.instances.length ?? 0
  }

  start(): void {
    this.#meter.parent(delayMs, () => {
      this.#isUp = true
      this.#events.up({ resumed: false, welcome: null })
      this.#tellRunning()
    })
  }

  send(message: Message): boolean {
    const bytes = message instanceof Uint8Array ? message : Buffer.concat(message)
    this.#meter.sent(bytes.length)
    this.#meter.world.after(delayMs, () => {
      if (this.#isUp) this.#receive(bytes)
    })
    return true
  }

  ready(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.lose()
    return Promise.resolve()
  }

  /** The machine is gone, and all it ran. */
  lose(): void {
    this.#cancelLease()
    this.#running = undefined
    this.#meter.parent(0, () => {
      this.#isUp = false
      const reason = new MachinesError('DM_LINK_LOST', 'the machine is gone')
      this.#events.down(reason)
      this.#events.reset(reason, [])
    })
  }

  #receive(bytes: Uint8Array): void {
    const message = parseParentMessage(bytes)
    if (message?.op === 'round') this.#tell({ op: 'round', round: message.round })
    if (message?.op !== 'assign') return
    const { op: _op, lease, assignment, ...source } = message
    const { totalShards, instances } = assignment as Omit<Running, 'source'>
    const before = new Set(this.#running?.instances.map(({ id }) => id))
    this.#running = { source, totalShards, instances }
    const { revision } = source
    this.#tell({
      op: 'accepted',
      revision,
      adopted: false,
      killTimeoutMs,
      instances: instances.map(({ id, shards }) => ({
        id,
        shards: rangesToList(parseRanges(shards)),
        phase: before.has(id) ? 'ready' : 'waiting',
        pid: undefined,
        respawns: 0,
        memoryMb: undefined,
        isHeld: false,
      })),
    })
    this.#tell({ op: 'released', revision })
    if (lease !== null) this.#askLease()
    for (const { id } of instances) {
      if (before.has(id)) continue
      this.#tell({ op: 'event', event: { type: 'spawned', instance: id, pid: 1 } })
      this.#tell({ op: 'event', event: { type: 'ready', instance: id } })
    }
    this.#tell({ op: 'started', revision })
  }

  #tellRunning(): void {
    const { source = null, totalShards = 0, instances = [] } = this.#running ?? {}
    const lease = source === null ? null : { leaseMs: this.#leaseMs }
    this.#tell({ op: 'running', source, lease, totalShards, instances })
  }

  #askLease(): void {
    this.#cancelLease()
    const { revision } = this.#running?.source ?? { revision: 0 }
    this.#requests += 1
    this.#tell({ op: 'lease', n: this.#requests, revision, stopMs: 2 * killTimeoutMs })
    let isOver = false
    this.#cancelLease = () => {
      isOver = true
    }
    this.#meter.world.after(this.#leaseMs / 5, () => {
      if (!isOver) this.#askLease()
    })
  }

  #tell(message: ChildMessage): void {
    const bytes = encodeControl(message)
    this.#meter.received(bytes.length)
    this.#meter.parent(delayMs, () => {
      if (this.#isUp) this.#events.message(bytes)
    })
  }
}
