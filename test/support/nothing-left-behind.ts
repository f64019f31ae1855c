/**
 * Fails a test run that leaves something behind: a process, a socket file, a folder.
 *
 * Every process of the run inherits a mark in its environment and finds its temporary files in a
 * folder of its own, so runs beside this one do not disturb it.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const mark = 'DISCORDOO_MACHINES_TEST_RUN'

/** Time for processes that a test has just killed to disappear, ms. */
const settleMs = 6_000

interface Leftover {
  readonly pid: string
  readonly command: string
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** The processes of this run, apart from vitest's own, by their environment; Linux only. */
function processesOf(run: string): Leftover[] {
  if (!existsSync('/proc/self/environ')) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => textOf(`/proc/${pid}/environ`).includes(`${mark}=${run}`))
    .map((pid) => ({ pid, command: textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }))
    .filter(({ command }) => command !== '' && !/node_modules\/vitest\/|esbuild/.test(command))
}

async function remaining(run: string): Promise<Leftover[]> {
  const giveUpAt = performance.now() + settleMs
  for (;;) {
    const left = processesOf(run)
    if (left.length === 0 || performance.now() > giveUpAt) return left
    await delay(100)
  }
}

/** Called by vitest before the first test; what it returns is called after the last. */
export default function setup(): () => Promise<void> {
  const run = randomUUID()
  const before = process.env.TMPDIR
  const folder = mkdtempSync(join(tmpdir(), 'discordoo-machines-run-'))
  process.env[mark] = run
  process.env.TMPDIR = folder
  return async () => {
    const processes = await remaining(run)
    // TypeScript asks Node 22 and newer to keep compiled code there.
    const files = readdirSync(folder).filter((name) => name !== 'node-compile-cache')
    for (const { pid } of processes) process.kill(Number(pid), 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
    delete process.env[mark]
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    const found = [
      ...processes.map(({ pid, command }) => `process ${pid}: ${command}`),
      ...files.map((name) => `file in the temporary folder: ${name}`),
    ]
    if (found.length === 0) return
    // vitest prints what a teardown throws, but does not count it.
    process.exitCode = 1
    throw new Error(`the tests left behind:\n  ${found.join('\n  ')}`)
  }
}
