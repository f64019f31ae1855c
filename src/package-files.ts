/**
 * Files of this package that other processes load, as paths.
 *
 * This file lies beside index.ts because the build puts what a manager imports into `dist/index.js`
 * (scripts/bundle.js): an address that is relative to this file is right in both of them.
 */
import { fileURLToPath } from 'node:url'

/** Instances load it before the bot's file. */
export const preloadFile: string = fileURLToPath(new URL('./bot/preload.cjs', import.meta.url))

/** The process that ends instances when their manager cannot. */
export const reaperFile: string = fileURLToPath(
  new URL('./modes/local/entry/reaper.js', import.meta.url),
)
