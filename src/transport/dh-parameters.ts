/**
 * Checks the file of the `dhparam` option. TLS 1.3 chooses its groups by itself (RFC 8446, 4.2.7),
 * so the parameters are never used; but a user who gave a wrong file should hear of it, and Node
 * silently ignores what it cannot read.
 */
import { checkPrimeSync } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { pemBlocks } from './pem-file.js'

/** OpenSSL refuses larger ones as well; checking one would take minutes. */
const primeBytesMax = 10_000 / 8

const sequenceTag = 0x30
const integerTag = 0x02

/**
 * Why this text is no DH parameter file (PKCS#3: a prime and a generator); undefined: it is one.
 */
export function dhParameterFault(text: string): string | undefined {
  const [block] = pemBlocks(text, 'DH PARAMETERS')
  if (block === undefined) return 'holds no PEM DH parameters'
  const outer = readElement(Buffer.from(block.replaceAll(/-----[^-]+-----/g, ''), 'base64'))
  if (outer?.tag !== sequenceTag) return 'holds damaged DH parameters'
  const prime = readElement(outer.value)
  const generator = readElement(prime?.rest ?? Buffer.alloc(0))
  if (prime?.tag !== integerTag || generator?.tag !== integerTag) {
    return 'holds damaged DH parameters'
  }
  if (prime.value.length > primeBytesMax) return 'holds DH parameters that are too long'
  if (!checkPrimeSync(prime.value)) return 'holds DH parameters without a prime'
  try {
    createSecureContext({ dhparam: block })
    return undefined
  } catch {
    return 'holds DH parameters that are too short'
  }
}

interface Element {
  readonly tag: number
  readonly value: Buffer
  /** What comes after it. */
  readonly rest: Buffer
}

/**
 * The first element in DER (X.690): tag, length, value. Undefined when the bytes do not suffice.
 */
function readElement(bytes: Buffer): Element | undefined {
  const [tag, first] = bytes
  if (tag === undefined || first === undefined) return undefined
  // Up to 127 the byte is the length; above, its low bits say how many bytes the length has.
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  const start = 2 + lengthBytes
  if (lengthBytes > 3 || bytes.length < start) return undefined
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(2, lengthBytes)
  if (bytes.length < start + length) return undefined
  const end = start + length
  return { tag, value: bytes.subarray(start, end), rest: bytes.subarray(end) }
}
