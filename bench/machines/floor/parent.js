/** The parent of the floor: passes letters from machine to machine. `parent.js <settings>`. */
import { answer } from '../../lib/processes.js'
import { connect } from '../../link/contenders/raw-sockets.js'
import { everyone, sorted } from './letters.js'

const { ports, perMachine } = JSON.parse(process.argv[2] ?? '')
const lines = await Promise.all(ports.map((port) => connect(true, port)))
for (const line of lines) {
  line.on(
    'data',
    sorted((to, letters) => {
      if (to !== everyone) lines[Math.floor(to / perMachine)].write(letters)
      else for (const other of lines) if (other !== line) other.write(letters)
    }),
  )
}

answer({})
