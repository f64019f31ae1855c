/** One machine of the floor: passes letters on and reads none. `child.js <settings>`. */
import { answer, startProcess } from '../../lib/processes.js'
import { listen } from '../../link/contenders/raw-sockets.js'
import { everyone, sorted } from './letters.js'

const { first, perMachine, count } = JSON.parse(process.argv[2] ?? '')
const file = new URL('instance.js', import.meta.url)

/** The instances of this machine, by their number. */
const own = new Map()
for (let index = first; index < first + perMachine; index += 1) {
  const args = [String(index), String(count)]
  own.set(index, await startProcess(file, { args, pipe: true }))
}

/** The line to the parent, once it has dialled. */
let up
const port = await listen(true, (socket) => {
  up = socket
  up.on(
    'data',
    sorted((to, letters) => {
      if (to === everyone) for (const { pipe } of own.values()) pipe.write(letters)
      else own.get(to).pipe.write(letters)
    }),
  )
})

for (const { pipe } of own.values()) {
  const others = [...own.values()].map((one) => one.pipe).filter((other) => other !== pipe)
  pipe.on(
    'data',
    sorted((to, letters) => {
      if (to === everyone) for (const other of others) other.write(letters)
      if (own.has(to)) own.get(to).pipe.write(letters)
      else up.write(letters)
    }),
  )
}

const asker = own.get(first)
answer(
  {
    port: () => port,
    check: () => asker.ask('check'),
    measure: (what) => asker.ask('measure', what),
  },
  () => Promise.all([...own.values()].map((instance) => instance.stop())),
)
