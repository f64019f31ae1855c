/**
 * What `load-talk.ts` loads. CommonJS, as `bot.send` returns an id and throws at once, and nothing else
 * is loaded while it runs.
 *
 * The build puts talk.js and all that it imports in the place of this file (scripts/bundle.js).
 */
module.exports = require('./talk.js')
