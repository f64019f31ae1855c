/**
 * Feeds a parser with mutated inputs: it must not throw anything but the codes it documents, must
 * not hang, and must leave no memory behind.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { MachinesError } from '../../src/errors.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { mutate } from './mutate.js'

export interface FuzzTarget {
  readonly name: string
  readonly samples: readonly Buffer[]
  /** How much of all runs it gets, beside the weights of the others. */
  readonly weight: number
  /** Codes that it may throw. */
  readonly codes: readonly string[]
  /** Takes one input; `random` decides how it is cut. */
  take(input: Buffer, random: () => number): void
}

/** `FUZZ_RUNS` inputs in all, over all targets; the default is what CI can afford. */
export const runsInAll = Number(process.env.FUZZ_RUNS ?? 1_200_000)
/** `FUZZ_SEED` begins elsewhere; it is printed with every failure. */
export const fuzzSeed = Number(process.env.FUZZ_SEED ?? 1)

const batch = 1_000
/** A thousand inputs take some ten milliseconds; a parser that hangs takes for ever. */
const batchMsMax = 10_000
/** What a collector may leave around, and far less than a leak of a few bytes per input. */
const growthBytesMax = 8 * 1024 * 1024

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function memory(): number {
  collect()
  // Buffers are swept beside the running code; the next collection waits for that sweep to end.
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

export interface FuzzResult {
  readonly accepted: number
  readonly refused: number
}

/** Runs in whole batches, at least one. Throws with the seed and the input if something is wrong. */
export function fuzz(target: FuzzTarget, runsWanted: number): FuzzResult {
  const runs = Math.max(1, Math.ceil(runsWanted / batch)) * batch
  const random = seededRandom(fuzzSeed)
  let refused = runBatch(target, random)
  const before = memory()
  for (let run = batch; run < runs; run += batch) refused += runBatch(target, random)
  const growth = memory() - before
  if (growth > growthBytesMax) {
    throw new Error(`${target.name}: grew by ${growth} bytes in ${runs} runs, seed ${fuzzSeed}`)
  }
  return { accepted: runs - refused, refused }
}

function runBatch(target: FuzzTarget, random: () => number): number {
  let refused = 0
  const start = performance.now()
  for (let n = 0; n < batch; n++) if (!runOne(target, random)) refused += 1
  const tookMs = performance.now() - start
  if (tookMs > batchMsMax) {
    throw new Error(`${target.name}: ${batch} inputs took ${tookMs} ms, seed ${fuzzSeed}`)
  }
  return refused
}

function runOne(target: FuzzTarget, random: () => number): boolean {
  const input = mutate(random, target.samples)
  const copy = Buffer.from(input)
  try {
    target.take(input, random)
    return true
  } catch (error) {
    if (error instanceof MachinesError && target.codes.includes(error.code)) return false
    const where = `FUZZ_SEED=${fuzzSeed}, input ${copy.toString('hex')}`
    throw new Error(`${target.name}: ${String(error)}; ${where}`, { cause: error })
  }
}
