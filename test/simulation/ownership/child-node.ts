/** One machine of a virtual bot: a real child on a virtual host, which may die and come again. */
import { IpcIds } from '../../../src/instances/ipc-ids.js'
import { createFleet } from '../../../src/modes/local/fleet.js'
import { ChildMode } from '../../../src/modes/machines/child/child-mode.js'
import type { ModeEvent } from '../../../src/modes/mode.js'
import { sleep } from '../../../src/system/system.js'
import { ChildDisk } from './child-disk.js'
import { noteEvent } from './note-event.js'
import type { OwnershipLedger } from './ownership-ledger.js'
import { childOptions } from './star-options.js'
import { type LinkTimes, linkSetup, Port } from './virtual-handshake.js'
import type { VirtualHost } from './virtual-host.js'
import type { Behaviour } from './virtual-instances.js'
import { VirtualLauncher } from './virtual-launcher.js'
import type { VirtualProcess } from './virtual-process.js'
import { VirtualServer } from './virtual-server.js'
import type { Wire } from './virtual-wire.js'

type ChildLinks = ConstructorParameters<typeof ChildMode>[1]

export class ChildNode {
  readonly host: VirtualHost
  readonly wire: Wire
  readonly port: Port
  readonly #ledger: OwnershipLedger
  readonly #times: LinkTimes
  readonly #behaviour: () => Behaviour
  process: VirtualProcess | undefined
  mode: ChildMode | undefined
  /** Nobody starts it again. */
  isRetired = false

  constructor(
    host: VirtualHost,
    wire: Wire,
    times: LinkTimes,
    ledger: OwnershipLedger,
    behaviour: () => Behaviour,
  ) {
    this.host = host
    this.wire = wire
    this.port = new Port(host.name)
    this.#times = times
    this.#ledger = ledger
    this.#behaviour = behaviour
  }

  get isAlive(): boolean {
    return this.process?.isAlive ?? false
  }

  start(): void {
    if (this.isAlive || this.isRetired) return
    const { world } = this.host
    this.host.powerOn()
    const process = this.host.spawn(`child ${this.host.name}`)
    this.process = process
    world.note(`${process.name} starts`)
    const links: ChildLinks = {
      identity: undefined,
      forgetPeer: () => false,
      serve: async (handlers) => {
        await sleep(process, world.between(1, 300))
        const server = new VirtualServer(process, linkSetup(process, this.#times), handlers)
        this.port.listener = { process, accept: (socket) => server.accept(socket) }
        return server
      },
    }
    const onEvent = (event: ModeEvent) => noteEvent(process, event)
    const mode = new ChildMode(
      childOptions(),
      links,
      process,
      onEvent,
      new IpcIds(process),
      (options) =>
        createFleet(new VirtualLauncher(process, this.#ledger, this.#behaviour), options),
      new ChildDisk(process),
    )
    this.mode = mode
    void mode.start().catch(() => {})
  }
}
