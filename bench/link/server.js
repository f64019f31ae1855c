/** The answering process of a link bench: `server.js <contender>`. */
import { answer } from '../lib/processes.js'
import { contender } from './contenders/all.js'

const end = await contender(process.argv[2] ?? '')
const { port } = await end.serve()
answer({ port: () => port })
