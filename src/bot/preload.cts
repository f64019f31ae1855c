/**
 * What instances load by `--require` before the bot's own file. As `--import` it would bring Node's
 * loader of ES modules into every instance, and a bot in CommonJS has no other use for that.
 *
 * The build puts preload.js and all that it imports in the place of this file (scripts/bundle.js).
 */
require('./preload.js')
