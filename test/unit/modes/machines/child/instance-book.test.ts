import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MachinesError } from '../../../../../src/errors.js'
import { limits } from '../../../../../src/limits.js'
import { InstanceBook } from '../../../../../src/modes/machines/child/instance-book.js'
import { realSystem } from '../../../../../src/system/system.js'
import { FakeProcesses } from './fake-processes.js'

let root: string
let processes: FakeProcesses
let warnings: MachinesError[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'discordoo-machines-book-'))
  processes = new FakeProcesses()
  warnings = []
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

const folder = () => join(root, 'child')
const file = () => join(folder(), 'instances.json')
const booked = () => JSON.parse(readFileSync(file(), 'utf8')).instances

function bookOf(): InstanceBook {
  return new InstanceBook(folder(), realSystem, processes, (error) => warnings.push(error))
}

/** An instance is spawned as a process that started at `startTime`. */
function spawn(book: InstanceBook, instance: number, pid: number, startTime = `${pid}00`): void {
  processes.running.set(pid, startTime)
  book.happened({ type: 'spawned', instance, pid })
}

function exit(book: InstanceBook, instance: number): void {
  book.happened({ type: 'exited', instance, exit: { code: 0, signal: null } })
}

/** The manager was killed: another process has its place. */
function restarted(): InstanceBook {
  processes.running.delete(processes.self)
  processes.self += 1_000
  processes.running.set(processes.self, '9000')
  return bookOf()
}

/** What is due at the end of the turn is done. */
const turn = () => Promise.resolve()

/** A manager has started three. */
async function left(): Promise<void> {
  const book = bookOf()
  book.open()
  for (const pid of [201, 202, 203]) spawn(book, pid, pid)
  await turn()
}

describe('the book', () => {
  it('holds what was started and has not exited, on disk as the turn ends', async () => {
    const book = bookOf()
    expect(book.open()).toEqual([])
    spawn(book, 0, 201)
    spawn(book, 1, 202)
    await turn()
    expect(booked()).toEqual([
      [201, '20100'],
      [202, '20200'],
    ])
    exit(book, 0)
    await turn()
    expect(booked()).toEqual([[202, '20200']])
    expect(warnings).toEqual([])
  })

  it('is for the owner alone', () => {
    bookOf().open()
    expect(statSync(file()).mode & 0o777).toBe(0o600)
    expect(statSync(folder()).mode & 0o777).toBe(0o700)
  })

  it('is written once for all that happens in one turn', async () => {
    const book = bookOf()
    book.open()
    const before = statSync(file()).ino
    for (let pid = 201; pid < 221; pid += 1) spawn(book, pid, pid)
    expect(statSync(file()).ino).toBe(before)
    await turn()
    expect(booked()).toHaveLength(20)
  })

  it('knows nothing of worker threads, and of processes that are gone at once', async () => {
    const book = bookOf()
    book.open()
    book.happened({ type: 'spawned', instance: 0, pid: undefined })
    book.happened({ type: 'spawned', instance: 1, pid: 999 })
    book.happened({ type: 'ready', instance: 0 })
    exit(book, 0)
    await turn()
    expect(booked()).toEqual([])
  })

  it('takes no more than its bound, with one warning', async () => {
    const book = bookOf()
    book.open()
    for (let n = 0; n < limits.bookedInstancesMax + 2; n += 1) spawn(book, n, 10_000 + n, '1')
    await turn()
    expect(booked()).toHaveLength(limits.bookedInstancesMax)
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('no more than 10000 processes'),
    ])
  })
})

describe('the book of a manager that was killed', () => {
  it('names what still runs', async () => {
    await left()
    processes.running.delete(201)
    processes.running.set(202, 'a stranger by now')
    expect(restarted().open()).toEqual([{ pid: 203, startTime: '20300' }])
  })

  it('keeps that until it is known to be gone, also over one more kill', async () => {
    await left()
    const second = restarted()
    second.open()
    spawn(second, 0, 301)
    await turn()
    const third = restarted()
    expect(third.open().map(({ pid }) => pid)).toEqual([201, 202, 203, 301])
    third.formerGone()
    await turn()
    expect(booked()).toEqual([])
  })

  it('names what may run, where start times cannot be read', async () => {
    await left()
    processes.running.set(201, '?')
    processes.running.delete(202)
    processes.running.delete(203)
    expect(restarted().open()).toEqual([{ pid: 201, startTime: '20100' }])
  })

  it('says nothing after the machine was started anew', async () => {
    await left()
    processes.bootId = 'boot-2'
    expect(restarted().open()).toEqual([])
    expect(booked()).toEqual([])
  })

  it.each([
    ['no JSON', '{"instances":'],
    ['something else', '{"about":"x"}'],
    ['a list', '[]'],
  ])('counts as empty when it holds %s, with a warning', async (_, text) => {
    await left()
    writeFileSync(file(), text)
    expect(restarted().open()).toEqual([])
    expect(warnings).toMatchObject([{ code: 'DM_STATE_DIR', given: file() }])
    expect(booked()).toEqual([])
  })

  it('counts as empty without a word when a power cut has left nothing in it', async () => {
    await left()
    writeFileSync(file(), '')
    expect(restarted().open()).toEqual([])
    expect(warnings).toEqual([])
  })

  it.skipIf(process.platform === 'win32')(
    'is not believed when others may write to it',
    async () => {
      await left()
      chmodSync(file(), 0o666)
      expect(restarted().open()).toEqual([])
      expect(warnings).toMatchObject([{ code: 'DM_STATE_DIR' }])
    },
  )
})

describe('the book of a manager that lives', () => {
  it('is left alone by another one, which has none', async () => {
    const first = bookOf()
    first.open()
    spawn(first, 0, 201)
    await turn()
    processes.running.set(555, '7000')
    processes.self = 555
    const second = bookOf()
    expect(second.open()).toEqual([])
    expect(warnings).toMatchObject([
      { code: 'DM_STATE_DIR', message: expect.stringContaining('another manager (process 100)') },
    ])
    spawn(second, 0, 301)
    second.formerGone()
    await turn()
    expect(booked()).toEqual([[201, '20100']])
  })

  it('is left alone by another one in the same process while it has instances', async () => {
    const first = bookOf()
    first.open()
    spawn(first, 0, 201)
    await turn()
    expect(bookOf().open()).toEqual([])
    expect(warnings).toHaveLength(1)
    exit(first, 0)
    processes.running.delete(201)
    await turn()
    const next = bookOf()
    expect(next.open()).toEqual([])
    expect(warnings).toHaveLength(1)
    spawn(next, 0, 301)
    await turn()
    expect(booked()).toEqual([[301, '30100']])
  })
})

describe('without a folder that can be written', () => {
  it('there is one warning, and no book', async () => {
    // Even root can make no folder where a link to nowhere stands.
    symlinkSync(join(root, 'nowhere', 'at-all'), folder())
    const book = bookOf()
    expect(book.open()).toEqual([])
    spawn(book, 0, 201)
    await turn()
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatchObject({
      code: 'DM_STATE_DIR',
      message: expect.stringMatching(/cannot be written.*a start after a crash/),
    })
    expect(existsSync(file())).toBe(false)
  })
})
