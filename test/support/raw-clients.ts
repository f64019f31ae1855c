/** Connections of people who are no managers: they write bytes by hand and count what happens. */
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'

export interface Target {
  readonly host: string
  readonly port: number
}

function ignore(): void {}

/** An address of the loopback network, 127.0.0.1 apart, by number. */
export function loopbackAddress(number: number): string {
  return `127.${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`
}

/** Dials from this address; resolves when connected, and rejects when that fails. */
export function dial(target: Target, localAddress = '127.0.0.9'): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ ...target, localAddress })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      socket.on('error', ignore)
      resolve(socket)
    })
  })
}

/** Speaks TLS over a connection, without a certificate, as any tool may. */
export async function dialTls(target: Target, localAddress?: string): Promise<TLSSocket> {
  const raw = await dial(target, localAddress)
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: raw,
      ALPNProtocols: ['discordoo-machines/1'],
      rejectUnauthorized: false,
      servername: '',
    })
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      socket.off('error', reject)
      socket.on('error', ignore)
      resolve(socket)
    })
  })
}

/** Resolves to everything the other side said, once the connection is closed. */
export function untilClosed(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve) => {
    const done = () => resolve(Buffer.concat(chunks).toString('latin1'))
    if (socket.closed) done()
    else socket.once('close', done)
  })
}
