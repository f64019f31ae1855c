/** What travels inside of links and local channels: envelopes, bodies, control messages, frames. */
import { encodeFrames, FrameDecoder } from '../../src/instances/channel/frame-codec.js'
import { parseAssignment } from '../../src/modes/machines/child/assignment-parser.js'
import { encodeControl } from '../../src/modes/machines/control-messages.js'
import { parseChildMessage, parseParentMessage } from '../../src/modes/machines/control-parser.js'
import { decodeBody, encodeBody } from '../../src/routing/body-codec.js'
import { bodyOf, decodeHeader, retarget, withSource } from '../../src/routing/envelope-codec.js'
import { decodeError } from '../../src/routing/error-body.js'
import { decodeNames } from '../../src/routing/known-names.js'
import { joinBodies, splitBodies } from '../../src/routing/questions.js'
import { decodeUndelivered } from '../../src/routing/report-bodies.js'
import { Topology } from '../../src/routing/topology.js'
import { checkPatch } from '../../src/routing/topology-wire.js'
import type { FuzzTarget } from './fuzz.js'
import { bytesOf, golden } from './golden-samples.js'
import { inPieces } from './mutate.js'

const envelopeTarget: FuzzTarget = {
  name: 'envelopes',
  samples: bytesOf(golden.envelopes),
  weight: 3,
  codes: ['DM_ENVELOPE_INVALID'],
  take(input) {
    const header = decodeHeader(input)
    bodyOf(input)
    const again = retarget(withSource(input, 1), { kind: 'all' }, 2)
    if (bodyOf(again).length !== bodyOf(input).length) throw new Error(`body of ${header.kind}`)
  },
}

/** What several questions of one call look like, where their number says that there are so many. */
const questionsTarget: FuzzTarget = {
  name: 'bodies of several questions',
  samples: [2, 3].map((count) =>
    Buffer.from(joinBodies(Array.from({ length: count }, (_, n) => encodeBody({ n }, 'body')))),
  ),
  weight: 1,
  codes: ['DM_BODY_INVALID'],
  take(input) {
    const bodies = splitBodies(input, 3)
    if (!Buffer.from(joinBodies(bodies)).equals(input)) throw new Error('they come back changed')
  },
}

const bodyTarget: FuzzTarget = {
  name: 'bodies',
  samples: bytesOf(golden.bodies),
  weight: 2,
  codes: ['DM_BODY_INVALID'],
  take(input) {
    decodeError(input)
    decodeBody(input)
  },
}

/** What a router reports to its askers; the bot believes it only after a look at it. */
const reportTarget: FuzzTarget = {
  name: 'reports of a router',
  samples: [
    [{ instance: 4, machine: 'm1', shards: '0-31,40' }],
    { instances: '0-3', code: 'DM_OFFLINE', message: 'gone' },
  ].map((report) => Buffer.from(encodeBody(report, 'report'))),
  weight: 1,
  codes: ['DM_BODY_INVALID'],
  take(input) {
    decodeUndelivered(1, input)
    decodeNames(input)
  },
}

const source = { parent: 'A'.repeat(44), epoch: 7, revision: 1 }
const assignment = {
  machine: 'm0',
  index: 0,
  totalShards: 8,
  callTimeoutMs: 1_000,
  push: { env: { A: 'b' } },
  instances: [
    { id: 0, shards: '0-3' },
    { id: 1, shards: '4-6,7' },
  ],
}
const topology = {
  format: 1,
  version: 3,
  totalShards: 8,
  machines: [
    { index: 0, name: 'm0', instances: [[0, '0-3']] },
    { index: 1, name: 'm1', instances: [[1, '4-7']] },
  ],
  down: [1],
}
const patch = {
  version: 4,
  down: [2],
  moved: [
    [0, 2],
    [1, 0],
  ],
  added: [{ index: 2, name: 'm2' }],
  removed: [1],
}
const known = Topology.fromWire(topology)
const status = {
  id: 0,
  shards: [],
  phase: 'ready',
  pid: 7,
  respawns: 0,
  memoryMb: 90,
  isHeld: false,
} as const

const controlTarget: FuzzTarget = {
  name: 'control messages',
  samples: [
    encodeControl({ op: 'assign', ...source, lease: { leaseMs: 30_000 }, assignment }),
    encodeControl({ op: 'lease', n: 3 }),
    encodeControl({ op: 'round', round: 2 }),
    encodeControl({ op: 'topology', topology }),
    encodeControl({ op: 'topology-patch', patch }),
    encodeControl({ op: 'instance', call: 1, action: 'kill', instance: 2 }),
    encodeControl({
      op: 'accepted',
      revision: 1,
      adopted: true,
      killTimeoutMs: 5,
      instances: [status],
    }),
    encodeControl({ op: 'event', event: { type: 'ready', instance: 0 } }),
    encodeControl({ op: 'failed', revision: 1, failures: [{ code: 'DM_TIMEOUT', message: 'm' }] }),
  ].map((bytes) => Buffer.from(bytes)),
  weight: 1,
  codes: ['DM_ASSIGNMENT_REFUSED', 'DM_SHARDS_INVALID', 'DM_TOPOLOGY_INVALID'],
  take(input) {
    parseChildMessage(input)
    const message = parseParentMessage(input)
    if (message?.op === 'assign') parseAssignment(message.assignment)
    if (message?.op === 'topology') Topology.fromWire(message.topology)
    if (message?.op === 'topology-patch') known.patched(checkPatch(message.patch))
  },
}

const channelTarget: FuzzTarget = {
  name: 'frames of the local channel',
  samples: [
    Buffer.concat(
      encodeFrames([
        { op: 1, payload: Buffer.from('hello') },
        { op: 2, payload: Buffer.alloc(0) },
        { op: 3, payload: Buffer.alloc(60, 1) },
      ]),
    ),
  ],
  weight: 2,
  codes: ['DM_CHANNEL_PROTOCOL'],
  take(input, random) {
    const decoder = new FrameDecoder()
    let bytes = 0
    for (const piece of inPieces(random, input)) {
      decoder.push(piece)
      for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
        bytes += next.payload.length
      }
    }
    if (bytes > input.length) throw new Error('more came out than went in')
  },
}

export const messageTargets: readonly FuzzTarget[] = [
  envelopeTarget,
  questionsTarget,
  bodyTarget,
  reportTarget,
  controlTarget,
  channelTarget,
]
