/**
 * The one door to `udx-native`, an optional dependency with native code: reliable, ordered,
 * congestion-controlled streams over UDP. It is loaded when the first point or child uses UDP.
 *
 * The interfaces hold what is used of it, version 1.21. A stream has no handshake: both ends choose
 * an id for their side, and each must be told the other's.
 */
import type { EventEmitter } from 'node:events'
import { MachinesError, toError } from '../errors.js'

interface UdxAddress {
  readonly host: string
  readonly family: number
  readonly port: number
}

/**
 * Emits `message` (bytes, from) for datagrams that belong to no stream.
 *
 * Nothing may be thrown in a listener: it is called from native code.
 */
export interface UdxSocket extends EventEmitter {
  /** Takes addresses only, no names. Throws what the system reports, with its `code`. */
  bind(port: number, host: string): void
  address(): UdxAddress | null
  /** Sends one datagram; what cannot be sent is lost without a word. */
  trySend(bytes: Uint8Array, port: number, host: string): void
  /** Takes no new streams; resolves when the last one is closed and the port is free. */
  close(): Promise<void>
}

/** A stream of the `streamx` package: much like one of Node, but not one. */
export interface UdxStream extends EventEmitter {
  /** Whether it was destroyed, or closed by its peer. */
  readonly destroying: boolean
  /** Bytes of packets that came, with their headers. */
  readonly bytesReceived: number
  readonly packetsReceived: number
  connect(socket: UdxSocket, remoteId: number, port: number, host: string): void
  /** False: wait for `drain`. The bytes must stay as they are until the peer has confirmed them. */
  write(bytes: Uint8Array): boolean
  /** Resolves when the peer has confirmed everything that was written. */
  flush(): Promise<boolean>
  /** Tells the peer in one packet, which may get lost. */
  destroy(): void
}

interface UdxOptions {
  /** Asked for packets that come before `connect`; false lets them in. */
  readonly firewall?: (socket: UdxSocket, port: number, host: string) => boolean
}

export interface Udx {
  createSocket(): UdxSocket
  createStream(id: number, options?: UdxOptions): UdxStream
}

/** Ids are unique among the streams of one `Udx`. */
export type UdxConstructor = new () => Udx

/** How `loadUdx` imports it; tests put a failing one in its place. */
export type ImportUdx = () => Promise<{ readonly default: unknown }>

const importUdx: ImportUdx = () => import('udx-native')

/** Rejects with DM_UDP_UNAVAILABLE when the package is not installed or cannot run here. */
export async function loadUdx(from: ImportUdx = importUdx): Promise<UdxConstructor> {
  try {
    const { default: exported } = await from()
    if (isConstructor(exported)) return exported
  } catch (thrown) {
    throw new MachinesError('DM_UDP_UNAVAILABLE', reason(thrown), { cause: toError(thrown) })
  }
  throw new MachinesError('DM_UDP_UNAVAILABLE', 'udx-native is not the version that is needed')
}

function isConstructor(exported: unknown): exported is UdxConstructor {
  return typeof exported === 'function'
}

function reason(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return 'UDP needs the optional package udx-native, which is not installed: npm install udx-native'
  }
  const system = `${process.platform}-${process.arch}${isMusl() ? ' with musl' : ''}`
  return (
    `UDP needs the optional package udx-native, which cannot be loaded on ${system}: it has builds ` +
    'for Linux (glibc), macOS and Windows on x64 and arm64; leave udp out, and TCP is used'
  )
}

/** Alpine and the like: their C library is another one than the builds were made for. */
function isMusl(): boolean {
  if (process.platform !== 'linux') return false
  const report: object = process.report.getReport()
  const header = 'header' in report ? report.header : undefined
  return typeof header === 'object' && header !== null && !('glibcVersionRuntime' in header)
}
