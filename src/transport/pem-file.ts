/** Reading of the small PEM files (RFC 7468) that TLS options name. */
import { readFileSync, statSync } from 'node:fs'
import { MachinesError, toError } from '../errors.js'
import { limits } from '../limits.js'

/** A file named in an option: where it is, and which option names it. */
export interface NamedFile {
  readonly file: string
  /** As `machines.tls.private`. */
  readonly path: string
}

const systemReasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this process may not read it',
  EPERM: 'this process may not read it',
}

/** Reads a file whole. Throws DM_OPTION_FILE; over limits.smallFileBytesMax nothing is read. */
export function readNamedFile(named: NamedFile): string {
  try {
    // Before it is opened: opening a named pipe would wait for its writer for ever.
    const stats = statSync(named.file)
    if (!stats.isFile()) throw unreadable(named, 'it is not a regular file')
    if (stats.size > limits.smallFileBytesMax) {
      throw unreadable(named, `it has more than ${limits.smallFileBytesMax} bytes`)
    }
    return readFileSync(named.file, 'utf8')
  } catch (thrown) {
    if (thrown instanceof MachinesError) throw thrown
    throw unreadable(named, reasonOf(thrown), thrown)
  }
}

function unreadable(named: NamedFile, reason: string, cause?: unknown): MachinesError {
  return new MachinesError(
    'DM_OPTION_FILE',
    `${named.path}: cannot read ${named.file}: ${reason}`,
    {
      path: named.path,
      given: named.file,
      ...(cause === undefined ? {} : { cause }),
    },
  )
}

function reasonOf(thrown: unknown): string {
  const error = toError(thrown)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return systemReasons[code] ?? error.message
}

/** All blocks of one kind (`CERTIFICATE`, `DH PARAMETERS`), each with its BEGIN and END line. */
export function pemBlocks(text: string, label: string): readonly string[] {
  const blocks: string[] = []
  const begin = `-----BEGIN ${label}-----`
  const end = `-----END ${label}-----`
  let from = text.indexOf(begin)
  while (from !== -1) {
    const endAt = text.indexOf(end, from)
    if (endAt === -1) break
    blocks.push(`${text.slice(from, endAt + end.length)}\n`)
    from = text.indexOf(begin, endAt)
  }
  return blocks
}

/** What the file seems to hold instead, in words; never its content. */
export function describePem(text: string): string {
  const label = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text)?.[1]
  if (label === undefined) return 'no PEM block'
  return label.includes('PRIVATE KEY') ? 'a private key' : `a PEM block "${label}"`
}
