/** Output of instances: cut into lines, given a prefix, never kept in memory beyond one line. */
import type { Readable, Writable } from 'node:stream'
import { formatShards } from '../../allocator/shard-lists.js'
import { limits } from '../../limits.js'

export type OutputStream = 'stdout' | 'stderr'

/** A returned promise asks for a pause until it settles. */
export type Write<Piece> = (piece: Piece) => void | Promise<void>

const newline = 0x0a
const carriageReturn = 0x0d

/** Moves a cut back to where a UTF-8 character begins; at most three bytes continue one. */
function characterStart(bytes: Buffer, cut: number): number {
  let at = cut
  while (cut - at < 3 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at -= 1
  return at
}

/** Cuts bytes into lines of text. Works on bytes, because chunks may end inside a character. */
export class LineCutter {
  readonly #bytesMax: number
  #rest: Buffer = Buffer.alloc(0)

  /** @param bytesMax longer lines come in several pieces. */
  constructor(bytesMax: number = limits.outputLineBytesMax) {
    this.#bytesMax = bytesMax
  }

  /** The lines that this chunk completes, without their line ends. */
  *push(chunk: Buffer): Generator<string> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    for (;;) {
      const found = bytes.indexOf(newline, at)
      const end = found === -1 ? bytes.length : found
      while (end - at > this.#bytesMax) {
        const cut = characterStart(bytes, at + this.#bytesMax)
        yield bytes.toString('utf8', at, cut)
        at = cut
      }
      if (found === -1) break
      const hasReturn = end > at && bytes[end - 1] === carriageReturn
      yield bytes.toString('utf8', at, hasReturn ? end - 1 : end)
      at = found + 1
    }
    // Copied, so that a short rest does not keep its whole chunk alive.
    this.#rest = Buffer.from(bytes.subarray(at))
  }

  /** The last line, if it had no end. */
  *end(): Generator<string> {
    if (this.#rest.length > 0) yield this.#rest.toString('utf8')
    this.#rest = Buffer.alloc(0)
  }
}

/**
 * Reads as fast as `write` allows; resolves when the stream has ended, in whatever way, and all of it
 * was written. By events, as an iterator of a stream takes as long to make as the instance's channel.
 */
function pump(stream: Readable, write: Write<Buffer>): Promise<void> {
  return new Promise((resolve) => {
    let written: Promise<void> | undefined
    const goOn = (): void => void stream.resume()
    stream.on('data', (chunk: Buffer) => {
      const pause = write(chunk)
      if (pause === undefined) return
      stream.pause()
      written = pause.then(goOn, goOn)
    })
    // A broken pipe to an instance that is dying; its exit is reported by other means.
    stream.on('error', () => {})
    stream.once('close', () => resolve(written))
  })
}

/** Passes bytes on as they are. */
export function pumpBytes(stream: Readable, write: Write<Buffer>): Promise<void> {
  return pump(stream, write)
}

/** Passes whole lines on, each with the prefix; a last line without an end counts as one. */
export async function pumpLines(
  stream: Readable,
  prefix: string,
  write: Write<string>,
): Promise<void> {
  const cutter = new LineCutter()
  const writeAll = async (lines: Iterable<string>): Promise<void> => {
    for (const line of lines) {
      const pause = write(`${prefix}${line}`)
      if (pause !== undefined) await pause
    }
  }
  await pump(stream, (chunk) => writeAll(cutter.push(chunk)))
  await writeAll(cutter.end())
}

/** Reads and forgets: an instance must not block on output that nobody wants. */
export function drain(stream: Readable): Promise<void> {
  return pump(stream, () => {})
}

/** `[10.0.18.1:8379 #3 96-127] `: machine, instance id and shards of whoever printed the line. */
export function linePrefix(machine: string, instance: number, shards: readonly number[]): string {
  return `[${machine} #${instance} ${formatShards(shards)}] `
}

/** One promise per congested target, however many instances wait for it. */
const congested = new WeakMap<Writable, Promise<void>>()

function drained(target: Writable): Promise<void> {
  const waiting = congested.get(target)
  if (waiting !== undefined) return waiting
  const promise = new Promise<void>((resolve) => {
    const done = (): void => {
      target.off('drain', done)
      target.off('close', done)
      congested.delete(target)
      resolve()
    }
    target.on('drain', done)
    target.on('close', done)
  })
  congested.set(target, promise)
  return promise
}

/** Writes to a stream; the promise settles when it can take more. A destroyed one takes anything. */
export function writeWithPause(target: Writable, data: string | Buffer): void | Promise<void> {
  if (target.destroyed || target.write(data)) return
  return drained(target)
}

/** Writes one line to the manager's own stdout or stderr. */
export function writeLine(stream: OutputStream, line: string): void | Promise<void> {
  return writeWithPause(process[stream], `${line}\n`)
}

/** Writes bytes to the manager's own stdout or stderr. */
export function writeBytes(stream: OutputStream, bytes: Buffer): void | Promise<void> {
  return writeWithPause(process[stream], bytes)
}
