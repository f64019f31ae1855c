/** The child's end of virtual links; what is modelled stands in virtual-links.ts. */
import { type ErrorCode, MachinesError } from '../../../src/errors.js'
import { limits } from '../../../src/limits.js'
import type { LinkSetup } from '../../../src/link/establish.js'
import type { ResumeRequest } from '../../../src/link/handshake/messages.js'
import type { Link, Peer } from '../../../src/link/link.js'
import { LinkEndpoint } from '../../../src/link/link-endpoint.js'
import type { LinkServer } from '../../../src/link/link-server.js'
import type { ChildLinkHandlers } from '../../../src/modes/machines/child/child-links.js'
import { VirtualConnection } from './virtual-connection.js'
import type { Answer, Greeting } from './virtual-handshake.js'
import type { VirtualProcess } from './virtual-process.js'
import type { Socket } from './virtual-socket.js'

export class VirtualServer implements LinkServer {
  readonly address = { host: 'child', port: 1 }
  readonly refusals: Map<ErrorCode, number> = new Map()
  readonly overLimit = { overall: 0, perAddress: 0 }
  readonly #process: VirtualProcess
  readonly #setup: LinkSetup
  readonly #handlers: ChildLinkHandlers
  readonly #endpoints = new Set<LinkEndpoint>()
  readonly #strangers = new Set<Socket>()
  #isClosed = false

  constructor(process: VirtualProcess, setup: LinkSetup, handlers: ChildLinkHandlers) {
    this.#process = process
    this.#setup = setup
    this.#handlers = handlers
  }

  get links(): readonly Link[] {
    return [...this.#endpoints]
  }

  accept(socket: Socket): void {
    if (this.#isClosed) {
      socket.destroy()
      return
    }
    this.#strangers.add(socket)
    const over = () => {
      cancel()
      this.#strangers.delete(socket)
    }
    const cancel = this.#process.setTimer(limits.handshakeTimeoutMs, () => {
      over()
      socket.destroy()
    })
    socket.ended = () => {
      over()
      socket.destroy()
    }
    socket.data = (message) => {
      over()
      this.#receive(socket, message as Greeting)
    }
  }

  async close(code: ErrorCode, reason: string): Promise<void> {
    this.#isClosed = true
    for (const socket of this.#strangers) socket.destroy()
    await Promise.all([...this.#endpoints].map((endpoint) => endpoint.close(code, reason)))
  }

  #receive(socket: Socket, { self, resume }: Greeting): void {
    const peer: Peer = {
      key: self.parent,
      epoch: self.epoch,
      recognisedBy: ['key'],
      about: null,
      remote: 'parent',
    }
    const admission = this.#handlers.admit(peer, this.#find(peer, resume) !== undefined)
    if (!admission.accept) {
      const { code, reason } = admission
      const refusal: Answer = { kind: 'reject', code, reason }
      socket.send(refusal)
      socket.end()
      this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
      this.#handlers.onRefused(new MachinesError(code, reason), peer.remote)
      return
    }
    // Looked up again: the layer above may have closed that link while it was asked.
    const going = this.#find(peer, resume)?.resumeRequest
    const fresh = { session: `${this.#process.random()}`, received: 0 }
    const resumed = going !== undefined
    const { session, received } = going ?? fresh
    const welcome: Answer = { kind: 'welcome', session, resumed, received, about: admission.about }
    socket.send(welcome)
    const endpoint = this.#find(peer, resumed ? resume : undefined) ?? this.#begin(peer)
    const connection = new VirtualConnection(socket)
    const receivedByPeer = resumed ? (resume?.received ?? 0) : 0
    try {
      const user = endpoint.attach(connection.asConnection, {
        peer,
        session,
        resumed,
        received: receivedByPeer,
        welcome: admission.about,
      })
      connection.open(user)
    } catch (error) {
      if (!(error instanceof MachinesError)) throw error
      socket.destroy()
    }
  }

  #find(peer: Peer, resume: ResumeRequest | undefined): LinkEndpoint | undefined {
    if (resume === undefined) return undefined
    const isMeant = (one: LinkEndpoint) => one.peer?.key === peer.key && one.canResume(resume)
    return [...this.#endpoints].find(isMeant)
  }

  #begin(peer: Peer): LinkEndpoint {
    const reason = new MachinesError('DM_LINK_LOST', 'the parent has begun a new session')
    for (const other of this.#endpoints) {
      if (other.peer?.key === peer.key) other.loseSession(reason)
    }
    const endpoint: LinkEndpoint = new LinkEndpoint({
      setup: this.#setup,
      afterLostSession: 'end',
      owner: (link) => this.#handlers.onLink(link, peer),
      ended: () => this.#endpoints.delete(endpoint),
    })
    this.#endpoints.add(endpoint)
    return endpoint
  }
}
