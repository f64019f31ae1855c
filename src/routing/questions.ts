/**
 * The questions of a call. What an asker asks of the same instances in one turn of the event loop
 * travels as one REQUEST, so that routers handle many calls at the price of one; each question still
 * has an answer of its own.
 *
 * A set of questions is a number whose bit n stands for question n. The body of several is each of
 * theirs with its length before it (u32, big-endian), by ascending number; that of one is its own.
 */
import { readU32, writeU32 } from '../big-endian.js'
import { MachinesError } from '../errors.js'

export type Questions = number

export const noQuestions: Questions = 0

/** As many as a header has bits for. */
export const questionsMax = 32

const lengthBytes = 4

/** The first so many questions. */
export function firstQuestions(count: number): Questions {
  return 2 ** count - 1
}

/** The set of this question alone. */
export function question(index: number): Questions {
  return (1 << index) >>> 0
}

/** Whether these are the first ones, with none left out, and at least one. */
export function areFromFirst(questions: Questions): boolean {
  return questions > 0 && (questions & (questions + 1)) === 0
}

export function isWithin(some: Questions, all: Questions): boolean {
  return (some & ~all) === 0
}

export function without(all: Questions, some: Questions): Questions {
  return (all & ~some) >>> 0
}

export function joined(some: Questions, others: Questions): Questions {
  return (some | others) >>> 0
}

export function countOf(questions: Questions): number {
  let count = 0
  // Each step takes the lowest bit away.
  for (let left = questions; left !== 0; left &= left - 1) count += 1
  return count
}

/** Their numbers, ascending. */
export function indexesOf(questions: Questions): number[] {
  const indexes: number[] = []
  for (let left = questions; left !== 0; left &= left - 1) {
    indexes.push(31 - Math.clz32(left & -left))
  }
  return indexes
}

/** The body of so many questions or answers. */
export function joinBodies(bodies: readonly Uint8Array[]): Uint8Array {
  const only = bodies[0]
  if (bodies.length === 1 && only !== undefined) return only
  const length = bodies.reduce((sum, body) => sum + lengthBytes + body.length, 0)
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  for (const body of bodies) {
    writeU32(bytes, at, body.length)
    bytes.set(body, at + lengthBytes)
    at += lengthBytes + body.length
  }
  return bytes
}

/** The bodies of so many, as views; throws DM_BODY_INVALID when they are not exactly that. */
export function splitBodies(bytes: Uint8Array, count: number): readonly Uint8Array[] {
  if (count === 1) return [bytes]
  const bodies: Uint8Array[] = []
  let at = 0
  while (bodies.length < count) {
    const start = at + lengthBytes
    if (start > bytes.length) throw invalid(count, bytes)
    at = start + readU32(bytes, at)
    if (at > bytes.length) throw invalid(count, bytes)
    bodies.push(bytes.subarray(start, at))
  }
  if (at < bytes.length) throw invalid(count, bytes)
  return bodies
}

function invalid(count: number, bytes: Uint8Array): MachinesError {
  const why = `${bytes.length} bytes are not the bodies of ${count} questions`
  return new MachinesError('DM_BODY_INVALID', why)
}
