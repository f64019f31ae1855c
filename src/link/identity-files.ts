/**
 * Reading and writing of the small files in a state folder. A file is there whole or not at all: it
 * is written under another name, flushed to disk where it has to last, and then takes its name in
 * one step.
 */
import {
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { MachinesError, toError } from '../errors.js'
import { limits } from '../limits.js'
import type { System } from '../system/system.js'

/** `private`: for the owner alone (0600). `public`: anybody may read it (0644). */
export type FileAccess = 'private' | 'public'

const modes: Readonly<Record<FileAccess, number>> = { private: 0o600, public: 0o644 }
const folderMode = 0o700
const othersMayWrite = 0o022
const othersMayDoAnything = 0o077

/** Windows keeps access in lists that these bits do not show. */
const hasModes = process.platform !== 'win32'

/**
 * Makes the folder where it is missing. Throws DM_STATE_DIR when others may write to it, as they
 * could put their own keys there, and the system's own error when it cannot be made.
 */
export function ensureFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: folderMode })
  if (hasModes && (statSync(folder).mode & othersMayWrite) !== 0) {
    throw refused(folder, `others may write to this folder; run: chmod 700 ${folder}`)
  }
}

/**
 * Reads a file; undefined: there is none. Throws DM_STATE_DIR when it cannot be read, is larger
 * than limits.smallFileBytesMax, or is private and others may read or write it.
 */
export function readStateFile(file: string, access: FileAccess): string | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(file, 'r')
    checkStats(file, fstatSync(descriptor), access)
    return readFileSync(descriptor, 'utf8')
  } catch (thrown) {
    if (thrown instanceof MachinesError) throw thrown
    if (hasCode(thrown, ['ENOENT'])) return undefined
    throw refused(file, `it cannot be read: ${toError(thrown).message}`, thrown)
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function checkStats(file: string, stats: Stats, access: FileAccess): void {
  if (!stats.isFile()) throw refused(file, 'it is not a regular file')
  if (stats.size > limits.smallFileBytesMax) {
    throw refused(file, `it has more than ${limits.smallFileBytesMax} bytes`)
  }
  if (access === 'private' && hasModes && (stats.mode & othersMayDoAnything) !== 0) {
    throw refused(file, `others may read this private file; run: chmod 600 ${file}`)
  }
}

/**
 * Writes a file that must not be there yet; false: it is there, perhaps since a moment ago, and was
 * left alone. Throws the system's own error when it cannot be written.
 */
export function createStateFile(
  file: string,
  content: string,
  access: FileAccess,
  system: System,
): boolean {
  return withTemporary({ file, content, access, life: 'lasting' }, system, (temporary) => {
    try {
      // A rename would replace the file of another process that was faster; a link does not.
      linkSync(temporary, file)
      return true
    } catch (thrown) {
      if (hasCode(thrown, ['EEXIST'])) return false
      if (!hasCode(thrown, ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'])) throw thrown
    }
    // Some file systems (FAT, some network shares) know no links.
    if (existsSync(file)) return false
    renameSync(temporary, file)
    return true
  })
}

/**
 * `lasting`: it is to be there after a power cut. `volatile`: it says nothing about the time after
 * one, so the disk need not be waited for; after a power cut it may be empty.
 */
export type FileLife = 'lasting' | 'volatile'

/** Writes a file in place of the one that may be there. Throws the system's own error. */
export function replaceStateFile(
  file: string,
  content: string,
  access: FileAccess,
  system: System,
  life: FileLife = 'lasting',
): void {
  withTemporary({ file, content, access, life }, system, (temporary) => renameSync(temporary, file))
}

/**
 * Makes what was created or renamed in a folder last through a power cut. Not every system can do
 * that for a folder (Windows cannot); then it is as safe as the file system makes it.
 */
export function flushFolder(folder: string): void {
  let descriptor: number | undefined
  try {
    descriptor = openSync(folder, 'r')
    fsyncSync(descriptor)
  } catch {
    // Whoever needs more than this has written the file by then, and it can be read.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

interface Writing {
  readonly file: string
  readonly content: string
  readonly access: FileAccess
  readonly life: FileLife
}

function withTemporary<Result>(
  { file, content, access, life }: Writing,
  system: System,
  use: (temporary: string) => Result,
): Result {
  const unique = Buffer.from(system.randomBytes(8)).toString('hex')
  const temporary = `${file}.${unique}.tmp`
  try {
    const descriptor = openSync(temporary, 'wx', modes[access])
    try {
      // The mode given to open() is cut by the umask, which is about files of other kinds.
      fchmodSync(descriptor, modes[access])
      writeFileSync(descriptor, content)
      if (life === 'lasting') fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    return use(temporary)
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** DM_STATE_DIR about one file or folder. */
export function refused(file: string, why: string, cause?: unknown): MachinesError {
  return new MachinesError('DM_STATE_DIR', `state folder: ${file}: ${why}`, {
    given: file,
    ...(cause === undefined ? {} : { cause }),
  })
}

/**
 * The JSON object in a state file. Throws DM_STATE_DIR: it is for the user to repair, not for us.
 */
export function parseState(file: string, text: string): Readonly<Record<string, unknown>> {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    // The parser's message quotes the text, and the text may be a secret.
    throw refused(file, 'it holds no JSON')
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw refused(file, 'it holds no JSON object')
  }
  return { ...content }
}

function hasCode(thrown: unknown, codes: readonly string[]): boolean {
  const error = toError(thrown)
  return 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
}
