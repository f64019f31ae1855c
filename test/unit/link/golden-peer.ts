/**
 * A second peer, written from the text of `docs/protocol/link.md` alone: nothing of `src` is used
 * here, only Node's crypto. It reads the handshakes of the golden file and works out every proof by
 * itself, as a peer in another language would.
 */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'

interface Step {
  readonly from: string
  readonly what: string
  readonly hex: string
}

interface Handshake {
  readonly parentSeed: string
  readonly childSeed: string
  readonly channelBinding: string
  readonly secret: string | null
  readonly steps: readonly Step[]
}

/** What one side proved, as it stands on the wire and as it should be. */
export interface CheckedProof {
  readonly role: string
  readonly sent: string
  readonly expected: string
  readonly signatureFits: boolean
}

/** `u32 length | u8 type | payload`. */
export function readFrame(hex: string): { type: number; payload: Buffer } {
  const bytes = Buffer.from(hex, 'hex')
  if (bytes.readUInt32BE(0) !== bytes.length - 5) throw new Error('the length is wrong')
  return { type: bytes.readUInt8(4), payload: bytes.subarray(5) }
}

function lp(part: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(part.length)
  return Buffer.concat([length, part])
}

/** `u32 length of body | body | proof`. */
function readProven(payload: Buffer): { body: Buffer; proof: Buffer } {
  const end = 4 + payload.readUInt32BE(0)
  return { body: payload.subarray(4, end), proof: payload.subarray(end) }
}

function digest(role: string, protocol: number, parts: readonly Uint8Array[]): Buffer {
  const head = [
    Buffer.from('discordoo-machines link proof'),
    Buffer.from(role),
    Buffer.of(protocol),
  ]
  return createHash('sha512')
    .update(Buffer.concat([...head, ...parts].map(lp)))
    .digest()
}

/** RFC 8410: an Ed25519 private key as DER is this prefix and its 32 bytes. */
function privateKey(seed: string): KeyObject {
  const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex')
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

function publicKey(base64: string): KeyObject {
  const raw = Buffer.from(base64, 'base64').toString('hex')
  const der = Buffer.from(`302a300506032b6570032100${raw}`, 'hex')
  return createPublicKey({ key: der, format: 'der', type: 'spki' })
}

function mac(secret: string | null, hash: Buffer): Buffer {
  if (secret === null) return Buffer.alloc(0)
  const key = hkdfSync('sha256', secret, '', 'discordoo-machines link secret', 32)
  return createHmac('sha256', Buffer.from(key)).update(hash).digest()
}

function json(bytes: Buffer): Record<string, unknown> {
  return JSON.parse(bytes.toString('utf8'))
}

function payloadOf(steps: readonly Step[], what: string): Buffer | undefined {
  const step = steps.find((one) => one.what === what)
  return step === undefined ? undefined : readFrame(step.hex).payload
}

/** Works out the proofs of the parent, and of the child where it did not refuse. */
export function checkProofs(handshake: Handshake): CheckedProof[] {
  const { steps, secret } = handshake
  const [parentPreface, childPreface] = steps.filter(({ what }) => what === 'preface')
  const hello = payloadOf(steps, 'HELLO')
  const identify = payloadOf(steps, 'IDENTIFY')
  const welcome = payloadOf(steps, 'WELCOME')
  if (!parentPreface || !childPreface || !hello || !identify) throw new Error('not a handshake')
  const asked = readProven(identify)
  const protocol = Number(json(asked.body).protocol)
  const parts = [
    Buffer.from(handshake.channelBinding, 'hex'),
    Buffer.from(parentPreface.hex, 'hex'),
    Buffer.from(childPreface.hex, 'hex'),
    hello,
    asked.body,
  ]
  const check = (role: string, seed: string, key: unknown, hash: Buffer, sent: Buffer) => ({
    role,
    sent: sent.toString('hex'),
    expected: Buffer.concat([sign(null, hash, privateKey(seed)), mac(secret, hash)]).toString(
      'hex',
    ),
    signatureFits: verify(null, hash, publicKey(String(key)), sent.subarray(0, 64)),
  })
  const parentHash = digest('parent', protocol, parts)
  const { key } = json(asked.body)
  const proofs = [check('parent', handshake.parentSeed, key, parentHash, asked.proof)]
  if (welcome !== undefined) {
    const answer = readProven(welcome)
    const childHash = digest('child', protocol, [...parts, asked.proof, answer.body])
    proofs.push(check('child', handshake.childSeed, json(hello).key, childHash, answer.proof))
  }
  return proofs
}
