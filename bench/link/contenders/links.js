/** Our own: two ends of a link, with the body codec of bots and a map from request id to promise. */
import { randomBytes } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { fromDist } from '../../lib/dist.js'
import { certificate } from './raw-sockets.js'

/** Where the answering end is: not on this host when there is a line to measure. */
const host = process.env.BENCH_HOST ?? '127.0.0.1'

const headBytes = 5
const Kind = { REQUEST: 1, ANSWER: 2, SEND: 3 }

/** The setup that both ends share. */
export async function linkSetup(carrierName) {
  const [{ realSystem }, identity, tls, tcp, udp] = await Promise.all([
    fromDist('system/system.js'),
    fromDist('link/identity.js'),
    fromDist('transport/tls.js'),
    fromDist('transport/tcp.js'),
    fromDist('transport/udp.js'),
  ])
  const options = { requestCert: undefined, rejectUnauthorized: false, trustedConnections: [] }
  const own = await certificate()
  const material = { own, pins: new Set(), authorities: [], options, loaded: [] }
  return {
    tls,
    material,
    carrier: carrierName === 'tcp' ? tcp.tcpCarrier() : udp.udpCarrier('udp4'),
    common: {
      system: realSystem,
      heartbeatMs: 1_000,
      trust: {
        identity: identity.identityFromSeed(randomBytes(identity.seedBytes)),
        secret: 'known to both ends of a bench',
        trustedKeys: [],
        certificateDemanded: false,
        recall: () => 'known',
        remember() {},
        verify: identity.verifySignature,
      },
    },
  }
}

function fail(reason) {
  throw reason
}

/** Handlers of an end that only wants messages; what goes wrong at the asking end ends the bench. */
export function linkEvents(onMessage, onUp) {
  const quiet = { down() {}, reset() {}, closed() {}, health() {} }
  if (onUp === undefined) return { ...quiet, up() {}, message: onMessage }
  return { ...quiet, up: onUp, down: fail, reset: fail, refused: fail, message: onMessage }
}

/** @param {(link: object) => object} onLink gives the handlers */
export async function serveLink(onLink, carrierName = 'tcp') {
  const [{ serveLinks }, setup] = await Promise.all([
    fromDist('link/link-server.js'),
    linkSetup(carrierName),
  ])
  const { common, carrier, tls, material } = setup
  const server = await serveLinks({
    ...common,
    carrier,
    address: { host, port: 0 },
    about: () => null,
    admit: () => ({ accept: true, about: null }),
    onLink,
    onRefused: fail,
    secure: (raw, signal) => tls.secureServer(raw, material, signal),
  })
  return server.address.port
}

export async function dialLink(port, onMessage, carrierName = 'tcp') {
  const [dialer, setup] = await Promise.all([
    fromDist('link/link-dialer.js'),
    linkSetup(carrierName),
  ])
  const { common, carrier, tls, material } = setup
  return new Promise((resolve) => {
    const link = dialer.dialLink({
      ...common,
      carrier,
      address: { host, port },
      epoch: 1,
      about: () => null,
      events: linkEvents(onMessage, () => resolve(link)),
      secure: (raw, signal) => tls.secureClient(raw, material, host, signal),
    })
    link.start()
  })
}

/** In front of the body, as envelopes are handed to a link; made and read as cheaply as those are. */
function headOf(kind, id) {
  const head = Buffer.allocUnsafe(headBytes)
  head[0] = kind
  head.writeUInt32BE(id, 1)
  return head
}

/** What is sent one way has no id, as with the other contenders. */
const sendHead = headOf(Kind.SEND, 0)

const idOf = (bytes) => ((bytes[1] << 24) | (bytes[2] << 16) | (bytes[3] << 8) | bytes[4]) >>> 0

export function links({ carrier = 'tcp' } = {}) {
  const codec = fromDist('routing/body-codec.js')
  return {
    async serve() {
      const { encodeBody, decodeBody } = await codec
      const onLink = (link) =>
        linkEvents((bytes) => {
          const body = decodeBody(bytes.subarray(headBytes))
          if (bytes[0] !== Kind.REQUEST) return
          link.send([headOf(Kind.ANSWER, idOf(bytes)), encodeBody(body, 'answer')])
        })
      return { port: await serveLink(onLink, carrier) }
    },
    async dial(port) {
      const { encodeBody, decodeBody } = await codec
      const waiting = new Map()
      let nextId = 0
      const onMessage = (bytes) => {
        const id = idOf(bytes)
        const resolve = waiting.get(id)
        waiting.delete(id)
        resolve(decodeBody(bytes.subarray(headBytes)))
      }
      const link = await dialLink(port, onMessage, carrier)
      return {
        request(value) {
          const id = nextId++
          link.send([headOf(Kind.REQUEST, id), encodeBody(value, 'payload')])
          return new Promise((resolve) => waiting.set(id, resolve))
        },
        send: (value) => link.send([sendHead, encodeBody(value, 'payload')]),
        async drained() {
          await link.ready()
          await turn()
        },
      }
    },
  }
}
