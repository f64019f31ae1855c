import { PassThrough, Readable, Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  drain,
  LineCutter,
  linePrefix,
  pumpBytes,
  pumpLines,
  writeWithPause,
} from '../../../../src/modes/local/output.js'
import { deferred } from '../../../support/deferred.js'

function cut(bytesMax: number, ...chunks: (string | Uint8Array)[]): string[] {
  const cutter = new LineCutter(bytesMax)
  const lines = chunks.flatMap((chunk) => [...cutter.push(Buffer.from(chunk))])
  return [...lines, ...cutter.end()]
}

describe('LineCutter', () => {
  it('cuts at both kinds of line ends, and keeps empty lines', () => {
    expect(cut(100, 'a\nb\r\n\nc\rd\n')).toEqual(['a', 'b', '', 'c\rd'])
  })

  it('holds an unfinished line back until it ends', () => {
    expect(cut(100, 'a', 'b\nc', 'd')).toEqual(['ab', 'cd'])
  })

  it('finds a line end of two bytes that comes in two chunks', () => {
    expect(cut(100, 'a\r', '\nb')).toEqual(['a', 'b'])
  })

  it('passes long lines on in pieces and never within a character', () => {
    expect(cut(4, 'abcdefghij\n')).toEqual(['abcd', 'efgh', 'ij'])
    expect(cut(4, 'abcдёж\n')).toEqual(['abc', 'дё', 'ж'])
    expect(cut(4, '🤖🤖🤖')).toEqual(['🤖', '🤖', '🤖'])
  })

  it('gets over bytes that are no text', () => {
    expect(cut(4, Buffer.alloc(10, 0x80)).join('')).toBe('\ufffd'.repeat(10))
  })

  it('gives the same lines however the bytes are cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'д', '🤖', '\n', '\r\n') })
    fc.assert(
      fc.property(text, fc.array(fc.nat(9)), (whole, sizes) => {
        let rest = Buffer.from(whole)
        const chunks = sizes.map((size) => {
          const chunk = rest.subarray(0, size)
          rest = rest.subarray(size)
          return chunk
        })
        expect(cut(1_000, ...chunks, rest)).toEqual(cut(1_000, whole))
      }),
    )
  })
})

describe('pumpLines', () => {
  it('puts the prefix before each line and flushes the last', async () => {
    const lines: string[] = []
    const prefix = linePrefix('10.0.18.1:8379', 3, [96, 97, 98, 127])
    await pumpLines(Readable.from([Buffer.from('a\nb')]), prefix, (line) => void lines.push(line))
    expect(lines).toEqual(['[10.0.18.1:8379 #3 96-98,127] a', '[10.0.18.1:8379 #3 96-98,127] b'])
  })

  it('reads no further while the writer asks for a pause', async () => {
    const source = new PassThrough({ highWaterMark: 1 })
    const seen: string[] = []
    const pause = deferred()
    const pumped = pumpLines(source, '', (line) => {
      seen.push(line)
      return pause.promise
    })
    source.write('a\nb\n')
    source.end('c\n')
    await turn()
    await turn()
    expect(seen).toEqual(['a'])
    pause.resolve()
    await pumped
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  it('ends when the stream breaks, with what there was', async () => {
    const source = new PassThrough()
    const seen: string[] = []
    const pumped = pumpLines(source, '', (line) => void seen.push(line))
    source.write('half')
    await turn()
    source.destroy(new Error('broken'))
    await pumped
    expect(seen).toEqual(['half'])
  })
})

describe('pumpBytes and drain', () => {
  it('pass everything on, or nothing', async () => {
    const seen: string[] = []
    await pumpBytes(Readable.from([Buffer.from('a'), Buffer.from('b')]), (bytes) => {
      seen.push(bytes.toString())
    })
    const source = Readable.from([Buffer.from('a')])
    await drain(source)
    expect(seen).toEqual(['a', 'b'])
    expect(source.readableEnded).toBe(true)
  })
})

function slow() {
  const done: (() => void)[] = []
  const target = new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, callback) => void done.push(callback),
  })
  return { target, finish: () => done.shift()?.() }
}

describe('writeWithPause', () => {
  it('asks for no pause while the target keeps up', () => {
    const target = new Writable({ write: (_chunk, _encoding, callback) => callback() })
    expect(writeWithPause(target, 'a')).toBeUndefined()
  })

  it('lets all writers wait for one drain, with one listener', async () => {
    const { target, finish } = slow()
    const pauses = Array.from({ length: 50 }, () => writeWithPause(target, 'a'))
    expect(target.listenerCount('drain')).toBe(1)
    const all = Promise.all(pauses.map(async (pause) => pause))
    for (let write = 0; write < 50; write += 1) {
      finish()
      await turn()
    }
    expect(await all).toHaveLength(50)
    expect(target.listenerCount('drain')).toBe(0)
  })

  it('waits for nothing when the target is gone', async () => {
    const { target } = slow()
    const pause = writeWithPause(target, 'a')
    target.destroy()
    await pause
    expect(writeWithPause(target, 'b')).toBeUndefined()
  })
})
