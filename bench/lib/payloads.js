/** What is sent: objects as bots send them, of about the size that their name says, as JSON. */

/** @param {number} index */
function guild(index) {
  return {
    id: String(1_000_000_000_000_000_000n + BigInt(index) * 4_194_304n),
    name: `guild number ${index}`,
    memberCount: 12 + ((index * 7_919) % 5_000),
    large: index % 3 === 0,
    shard: index % 16,
  }
}

/** @param {number} bytes */
function ofSize(bytes) {
  const guilds = [guild(0)]
  for (let index = 1; JSON.stringify({ op: 'sync', guilds }).length < bytes; index += 1) {
    guilds.push(guild(index))
  }
  return { op: 'sync', guilds }
}

/** About 200 bytes, the message of the table. */
export const small = ofSize(130)
/** About 64 KiB. */
export const large = ofSize(64 * 1_024)

/** @type {Record<string, object>} */
export const payloads = { '200B': small, '64K': large }

/** A sanity check of every contender: what comes back is what was sent. @param {any} answer */
export function checkEcho(sent, answer) {
  if (JSON.stringify(answer) !== JSON.stringify(sent)) {
    throw new Error(`sent ${JSON.stringify(sent).length} bytes of JSON, something else came back`)
  }
}
