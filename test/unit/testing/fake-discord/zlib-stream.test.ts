import { once } from 'node:events'
import { createInflate } from 'node:zlib'
import { expect, it } from 'vitest'
import { ZlibStream } from '../../../../src/testing/fake-discord/zlib-stream.js'

it('is one zlib stream that can be read after every payload', async () => {
  const [stream, inflate] = [new ZlibStream(), createInflate()]
  const texts = ['{"op":10}', `{"d":"${'long '.repeat(1_000)}"}`, '{"op":10}', '{"d":"é"}']
  for (const text of texts) {
    const bytes = stream.compress(text)
    expect(Buffer.from(bytes).toString('hex')).toMatch(/0000ffff$/)
    inflate.write(bytes)
    const [chunk] = await once(inflate, 'data')
    expect(String(chunk)).toBe(text)
  }
  inflate.close()
})
