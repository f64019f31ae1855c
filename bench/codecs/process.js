/** One codec at work: `process.js <codec>`. */
import v8 from 'node:v8'
import { fromDist } from '../lib/dist.js'
import { checkEcho, payloads } from '../lib/payloads.js'
import { answer } from '../lib/processes.js'

/** @type {Record<string, () => Promise<{ encode(value: unknown): Uint8Array, decode(bytes: Uint8Array): unknown }>>} */
const codecs = {
  async body() {
    const { encodeBody, decodeBody } = await fromDist('routing/body-codec.js')
    return { encode: (value) => encodeBody(value, 'value'), decode: decodeBody }
  },
  json: async () => ({
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (bytes) => JSON.parse(bytes.toString()),
  }),
  v8: async () => ({ encode: v8.serialize, decode: v8.deserialize }),
  async msgpackr() {
    const { pack, unpack } = await import('msgpackr')
    return { encode: pack, decode: unpack }
  },
  async 'cbor-x'() {
    const { encode, decode } = await import('cbor-x')
    return { encode, decode }
  },
}

const codec = await codecs[process.argv[2] ?? '']()
for (const value of Object.values(payloads)) checkEcho(value, codec.decode(codec.encode(value)))

answer({
  /** Whole blocks between two looks at the clock. @param {{ size: string, ms: number }} what */
  measure({ size, ms }) {
    const value = payloads[size]
    const begin = performance.now()
    let done = 0
    while (performance.now() - begin < ms) {
      for (let left = 8; left > 0; left -= 1) codec.decode(codec.encode(value))
      done += 8
    }
    return done / ((performance.now() - begin) / 1_000)
  },
})
