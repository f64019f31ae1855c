/**
 * Loaded by `--import` before the bot's own file, in every process, worker and cluster worker that
 * a manager starts. It connects the instance to its manager and makes sure that an instance without
 * a manager ends, also where the bot knows nothing of this package.
 */
import { startPreload } from './preload-start.js'

startPreload()
