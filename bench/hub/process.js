/** One of the three: `process.js <kind> sink | hub <port> | source <port>`. */
import { inFlight } from '../lib/load.js'
import { answer } from '../lib/processes.js'
import { kinds } from './kinds.js'

const [, , kind = '', role = '', port = '0'] = process.argv
const result = await kinds[kind][role](Number(port))

answer({
  port: () => result,
  /** @param {{ bytes: number, load: number, ms: number }} what @returns {Promise<number>} MiB per second */
  async measure({ bytes, load, ms }) {
    const message = Buffer.alloc(bytes, 'abcdefgh')
    const { perSecond } = await inFlight(() => result(message), load, ms)
    return (perSecond * bytes) / 2 ** 20
  },
})
