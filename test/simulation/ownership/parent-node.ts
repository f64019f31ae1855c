/** The parent of a virtual bot: a real one on a virtual host, which may die and come again. */
import { MachinesError } from '../../../src/errors.js'
import { ParentMode } from '../../../src/modes/machines/parent/parent-mode.js'
import type { ModeEvent } from '../../../src/modes/mode.js'
import type { ResolvedParent } from '../../../src/options/resolved-options.js'
import { sleep } from '../../../src/system/system.js'
import type { ChildNode } from './child-node.js'
import { MajorityCheck } from './majority-check.js'
import { noteEvent } from './note-event.js'
import { ParentDisk } from './parent-disk.js'
import { parentOptions, type StarShape } from './star-options.js'
import type { VirtualHost } from './virtual-host.js'
import { VirtualDialer } from './virtual-links.js'
import type { VirtualProcess } from './virtual-process.js'

const parentKey: string = Buffer.alloc(32, 1).toString('base64')

type ParentLinks = ConstructorParameters<typeof ParentMode>[1]

export class ParentNode {
  readonly host: VirtualHost
  readonly #shape: StarShape
  readonly #children: readonly ChildNode[]
  process: VirtualProcess | undefined
  mode: ParentMode | undefined
  isRetired = false
  readonly #left: ParentMode[] = []
  /** Names of machines without shards of their own that are points now. */
  readonly spares: Set<string>
  /** How long the disk takes at most, ms. */
  diskMs = 50

  constructor(host: VirtualHost, shape: StarShape, children: readonly ChildNode[]) {
    this.host = host
    this.#shape = shape
    this.spares = new Set(shape.spares.filter(() => host.world.chance(0.5)))
    this.#children = children
  }

  /**
   * The present start and those that were left: one that was suspended before it had its epoch takes
   * a later one when it goes on, and is the right one from then on.
   */
  get starts(): readonly ParentMode[] {
    return this.mode ? [this.mode, ...this.#left] : this.#left
  }

  get isAlive(): boolean {
    return this.process?.isAlive ?? false
  }

  /** The present start goes on by itself, and the next one does not know of it. */
  leave(): void {
    if (this.mode) this.#left.push(this.mode)
    this.process = undefined
    this.mode = undefined
  }

  start(): void {
    if (this.isAlive) return
    const { world } = this.host
    const process = this.host.spawn('parent')
    this.process = process
    world.note('the parent starts')
    const options = parentOptions(this.#shape, this.spares)
    const majority = new MajorityCheck(process)
    const onEvent = (event: ModeEvent) => {
      noteEvent(process, event)
      if (event.type === 'moved' && event.reason === 'machine-lost') majority.check()
    }
    const links = this.#links(process, options, majority)
    this.mode = new ParentMode(options, links, process, onEvent)
    void this.mode.start().catch(() => {})
  }

  #links(
    process: VirtualProcess,
    { points }: ResolvedParent,
    majority: MajorityCheck,
  ): ParentLinks {
    const names = new Map(points.map(({ name }, index) => [index, name]))
    const { host } = this
    const disk = new ParentDisk(host.disk)
    let epoch: number | undefined
    const self = () => {
      if (epoch === undefined) throw new MachinesError('DM_STATE', 'there is no epoch yet')
      return { parent: parentKey, epoch }
    }
    return {
      identity: undefined,
      forgetPeer: () => false,
      get self() {
        return self()
      },
      get former() {
        return disk.former
      },
      get isLatest() {
        return disk.isLatest
      },
      keep: (record) => disk.keep(record),
      add: (index, { name }) => void names.set(index, name),
      remove: (index) => {
        names.delete(index)
        majority.left(index)
      },
      open: async () => {
        await sleep(process, host.world.between(0, this.diskMs))
        epoch = disk.open(process.wallClock())
        // The number is taken by now, also by a parent that dies before it uses it.
        await sleep(process, host.world.between(0, this.diskMs))
      },
      dial: (index, events) => {
        const child = this.#children.find((one) => one.host.name === names.get(index))
        if (child === undefined) throw new Error(`there is no machine ${index}`)
        const { wire, port } = child
        const { times } = this.#shape
        const to = { process, wire, port, host: child.host, times }
        const dialer = new VirtualDialer(to, self(), {
          ...events,
          down: (reason) => {
            majority.down(index)
            events.down(reason)
          },
        })
        majority.joined(index, dialer)
        return dialer
      },
    }
  }
}
