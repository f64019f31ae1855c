/**
 * The epochs of a parent in its state folder. One file with a counter would have to be read, raised
 * and replaced: two starts at one moment would get the same number, or need a lock, which a killed
 * one leaves behind.
 *
 * So each epoch is a file of its own, `epoch-<number>`, which only one start can create: whoever
 * finds it there takes the next number. The highest name is the counter, whatever a file holds, and
 * a file is only ever removed where higher ones exist. So the counter cannot go back, and a start
 * that was killed half way has either taken its number or left the counter as it was.
 */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { MachinesError, toError } from '../errors.js'
import { limits } from '../limits.js'
import type { System } from '../system/system.js'
import { epochFileName, epochOfFile, nextEpoch } from './epoch.js'
import { createStateFile, ensureFolder, flushFolder, refused } from './identity-files.js'

export interface ClaimedEpoch {
  readonly epoch: number
  /** No start came before this one. */
  readonly isFirst: boolean
  /** DM_STATE_DIR when it could not be kept and rests on the clock, to be shown; else none. */
  readonly warnings: readonly MachinesError[]
}

/**
 * Takes the epoch of one start of a parent: above every other one that this folder has ever given,
 * and kept before it is returned. Where the folder cannot be read or written the clock alone has to
 * do, and a warning says so. Throws DM_STATE_DIR when the highest possible epoch has been taken, or
 * others may write to the folder: the user has to repair that.
 */
export function claimEpoch(folder: string, system: System): ClaimedEpoch {
  try {
    return { ...keptEpoch(folder, system), warnings: [] }
  } catch (thrown) {
    if (thrown instanceof MachinesError) throw thrown
    const seen = highestOrNone(folder)
    const warnings = [notKept(folder, thrown)]
    return { epoch: above(folder, seen, system), isFirst: false, warnings }
  }
}

/** Whether no later start has taken an epoch in this folder; what cannot be read says nothing. */
export function isLatestEpoch(folder: string, epoch: number): boolean {
  return (highestOrNone(folder) ?? 0) <= epoch
}

function keptEpoch(folder: string, system: System): Omit<ClaimedEpoch, 'warnings'> {
  ensureFolder(folder)
  const isFirst = highest(folder) === undefined
  for (let attempt = 0; attempt < limits.epochAttemptsMax; attempt += 1) {
    const epoch = above(folder, highest(folder), system)
    const file = join(folder, epochFileName(epoch))
    const isMine = createStateFile(file, about(epoch), 'private', system)
    // Others may have taken this number, higher ones, and removed it, all since the look above.
    if (!isMine || highest(folder) !== epoch) continue
    flushFolder(folder)
    removeOld(folder)
    return { epoch, isFirst }
  }
  throw new Error(`${limits.epochAttemptsMax} other starts were faster`)
}

function above(folder: string, stored: number | undefined, system: System): number {
  const epoch = nextEpoch(stored, system.wallClock())
  if (epoch !== undefined) return epoch
  const file = join(folder, epochFileName(stored ?? 0))
  throw refused(file, 'there is no epoch above this one; remove the file')
}

function highest(folder: string): number | undefined {
  return kept(folder)[0]?.epoch
}

function highestOrNone(folder: string): number | undefined {
  try {
    return highest(folder)
  } catch {
    return undefined
  }
}

/** Highest first. */
function kept(folder: string): { readonly name: string; readonly epoch: number }[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const epoch = epochOfFile(name)
      return epoch === undefined ? [] : [{ name, epoch }]
    })
    .toSorted((a, b) => b.epoch - a.epoch)
}

/** A few are left, so that a start which overlaps with several others meets at least one of them. */
function removeOld(folder: string): void {
  for (const { name } of kept(folder).slice(limits.epochFilesKept)) {
    try {
      rmSync(join(folder, name), { force: true })
    } catch {
      // It is in nobody's way, and the next start tries again.
    }
  }
}

function about(epoch: number): string {
  const text = 'The name of this file counts the starts of one parent: keep the highest one.'
  return `${JSON.stringify({ about: text, epoch }, null, 2)}\n`
}

function notKept(folder: string, thrown: unknown): MachinesError {
  const why = `the number of this start cannot be kept (${toError(thrown).message})`
  const so =
    'it is taken from the clock alone, and children that have seen a later one refuse this parent'
  return refused(folder, `${why}; ${so}`, thrown)
}
