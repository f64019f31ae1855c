/** Forks a bare process: `bare.js`. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { answer } from '../lib/processes.js'

const child = fork(fileURLToPath(new URL('../start/bare-bot.js', import.meta.url)))
await once(child, 'message')
answer({ bot: () => child.pid }, () => child.kill())
