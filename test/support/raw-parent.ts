/** A parent that says to a child of a star whatever the test wants, in the order it wants. */
import { dialLink } from '../../src/link/link-dialer.js'
import {
  type ChildMessage,
  encodeControl,
  type ParentMessage,
} from '../../src/modes/machines/control-messages.js'
import { parseChildMessage } from '../../src/modes/machines/control-parser.js'
import { memoryCarrier } from '../../src/transport/memory.js'
import { plainSecure } from './link-world.js'
import type { Star } from './star.js'
import { keyOf, testIdentity, testTrust } from './test-identity.js'

export class RawParent {
  readonly key: string
  /** What the child has said, in order. */
  readonly heard: ChildMessage[] = []
  /** Called for each of them. */
  onMessage: (message: ChildMessage) => void = () => {}
  readonly #link: ReturnType<typeof dialLink>

  /** `key`: the seed of its key. */
  constructor(star: Star, index: number, { key = 1, epoch }: { key?: number; epoch: number }) {
    this.key = keyOf(testIdentity(key))
    this.#link = dialLink({
      system: star.system,
      carrier: memoryCarrier(star.network),
      address: { host: star.host(index), port: 8379 },
      secure: plainSecure(),
      trust: testTrust(key, { recall: () => 'known' }),
      heartbeatMs: 1_000,
      epoch,
      about: () => null,
      events: {
        up: () => {},
        down: () => {},
        message: (bytes) => {
          const message = parseChildMessage(bytes)
          if (message === undefined) return
          this.heard.push(message)
          this.onMessage(message)
        },
        reset: () => {},
        closed: () => {},
        health: () => {},
        refused: () => {},
      },
    })
    this.#link.start()
  }

  tell(message: ParentMessage): void {
    if (!this.#link.send(encodeControl(message))) throw new Error('the link takes nothing')
  }

  close(): Promise<void> {
    return this.#link.close('DM_LINK_CLOSED', 'the test is over')
  }
}
