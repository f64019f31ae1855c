/** What could carry messages between a manager and its instances; both sides speak alike. */
import { fromDist } from '../lib/dist.js'
import { batched, frame, unframed } from '../link/contenders/framing.js'
import { places } from './places.js'

/** @typedef {{ send: (message: unknown) => unknown, receive: (take: (message: any) => void) => unknown }} End */

/** What one turn of the event loop sends goes as one list. @param {(list: unknown[]) => unknown} post */
function perTurn(post) {
  let staged = []
  const flush = () => {
    const list = staged
    staged = []
    post(list)
  }
  return (message) => {
    if (staged.push(message) === 1) process.nextTick(flush)
  }
}

/** @param {(message: any) => void} take */
const each = (take) => (list) => {
  for (const message of list) take(message)
}

/** @param {import('node:worker_threads').MessagePort} port @returns {import('./places.js').Messenger} */
const messengerOf = (port) => ({
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  post: (message, transfer) => port.postMessage(message, transfer),
  on: (take) => port.on('message', take),
})

/** @type {Record<string, (carrier: any) => Promise<End> | End>} */
const ends = {
  /** One message each. */
  single: ({ post, on }) => ({ send: post, receive: on }),
  lists: ({ post, on }) => ({
    send: perTurn((list) => post(list)),
    receive: (take) => on(each(take)),
  }),
  /** The list as JSON, posted as a string. */
  text: ({ post, on }) => ({
    send: perTurn((list) => post(JSON.stringify(list))),
    receive: (take) => on((text) => each(take)(JSON.parse(text))),
  }),
  /** The list as JSON, in bytes that change hands. */
  bytes: ({ post, on }) => ({
    send: perTurn((list) => {
      const bytes = new TextEncoder().encode(JSON.stringify(list))
      post(bytes, [bytes.buffer])
    }),
    receive: (take) => on((bytes) => each(take)(JSON.parse(Buffer.from(bytes.buffer).toString()))),
  }),
  /** Each message as JSON in a frame, so that it can be passed on unread; the frames in bytes. */
  'port-frames': ({ post, on }) => ({
    send: perTurn((list) => {
      const frames = list.map((message) => frame(Buffer.from(JSON.stringify(message))))
      const bytes = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0))
      let at = 0
      for (const one of frames) {
        bytes.set(one, at)
        at += one.length
      }
      post(bytes, [bytes.buffer])
    }),
    receive(take) {
      const cut = unframed((payload) => take(JSON.parse(payload.toString())))
      on(({ buffer }) => cut(Buffer.from(buffer)))
    },
  }),
  /** The same on a stream, one write per turn. */
  frames(socket) {
    const write = batched(socket)
    return {
      send: (message) => write(frame(Buffer.from(JSON.stringify(message)))),
      receive: (take) =>
        socket.on(
          'data',
          unframed((payload) => take(JSON.parse(payload.toString()))),
        ),
    }
  },
  'our-socket': (socket) => ours('socket', socket),
  'our-port': (port) => ours('port', port),
}

/** Our channel with our bodies. @param {'socket' | 'port'} kind @param {any} carrier @returns {Promise<End>} */
async function ours(kind, carrier) {
  const [{ encodeBody, decodeBody }, { [`${kind}Channel`]: open }] = await Promise.all([
    fromDist('routing/body-codec.js'),
    fromDist(`instances/channel/${kind}-channel.js`),
  ])
  const channel = open(carrier)
  return {
    send: (message) => channel.send(3, encodeBody(message, 'message')),
    receive(take) {
      channel.events = { frame: (_op, payload) => take(decodeBody(payload)), close() {} }
    },
  }
}

/** @type {Record<string, { place: keyof typeof places, speech: keyof typeof ends }>} */
const kinds = {
  socket: { place: 'pair', speech: 'our-socket' },
  pair: { place: 'pair', speech: 'frames' },
  unix: { place: 'unix', speech: 'frames' },
  'fork-json': { place: 'ipc', speech: 'single' },
  'fork-json-lists': { place: 'ipc', speech: 'lists' },
  'fork-advanced': { place: 'ipc-advanced', speech: 'single' },
  'fork-advanced-lists': { place: 'ipc-advanced', speech: 'lists' },
  port: { place: 'port', speech: 'our-port' },
  'port-single': { place: 'port', speech: 'single' },
  'port-lists': { place: 'port', speech: 'lists' },
  'port-frames': { place: 'port', speech: 'port-frames' },
  'port-text': { place: 'port', speech: 'text' },
  'port-bytes': { place: 'port', speech: 'bytes' },
}

function endOf({ place, speech }, carrier) {
  const isBarePort = place === 'port' && speech !== 'our-port'
  return ends[speech](isBarePort ? messengerOf(carrier) : carrier)
}

/** Starts an instance. @param {string} kind @returns {Promise<{ end: End, stop: () => unknown }>} */
export async function nearEnd(kind) {
  const { carrier, stop } = await places[kinds[kind].place].manager(kind)
  return { end: await endOf(kinds[kind], carrier), stop }
}

/** Inside the instance. @param {string} kind @returns {Promise<End>} */
export async function farEnd(kind) {
  return endOf(kinds[kind], await places[kinds[kind].place].instance())
}
