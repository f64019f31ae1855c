/**
 * A long and bad line between two TUN devices that are open already:
 * `relay.js <fd> <fd> <delay in ms, each way> <share that is lost, each way>`.
 *
 * It carries packets of IP, so that everything TCP and UDP know of repairing happens at the ends, in
 * the kernel or in udx, with the whole round trip in between.
 */
import { readSync, writeSync } from 'node:fs'
import { answer } from '../lib/processes.js'

const [left = 0, right = 0, delayMs = 0, loss = 0] = process.argv.slice(2).map(Number)

/** How often devices are looked at: what packets may be late. */
const tickMs = 1

const packet = Buffer.allocUnsafe(64 * 1_024)

/** The next packet, or undefined while there is none. @param {number} device */
function next(device) {
  try {
    return Buffer.from(packet.subarray(0, readSync(device, packet)))
  } catch (error) {
    if (error.code === 'EAGAIN') return undefined
    throw error
  }
}

/** @param {number} from @param {number} to */
function direction(from, to) {
  const line = []
  return (now) => {
    for (let bytes = next(from); bytes !== undefined; bytes = next(from)) {
      if (Math.random() >= loss) line.push({ bytes, due: now + delayMs })
    }
    while (line.length > 0 && line[0].due <= now) deliver(to, line.shift().bytes)
  }
}

function deliver(device, bytes) {
  try {
    writeSync(device, bytes)
  } catch (error) {
    // A device that is not up yet takes nothing: lost, as on any line.
    if (error.code !== 'EIO') throw error
  }
}

const directions = [direction(left, right), direction(right, left)]
setInterval(() => {
  const now = performance.now()
  for (const carry of directions) carry(now)
}, tickMs)

answer({})
