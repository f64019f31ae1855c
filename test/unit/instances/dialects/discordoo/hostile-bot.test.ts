/** A bot's packets are data: whatever it sends, the dialect goes on serving it and others. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ok, World } from './world.js'

const oddValue = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom('2000', '1000', '', 1_111_111_111, -1, 2 ** 53, null),
)

/** Fields that the code looks at, each with whatever value. */
const fields = fc.dictionary(
  fc.constantFrom(
    'id',
    'event_id',
    'op',
    'error',
    'result',
    'script',
    'scripts',
    'shards',
    'context',
    'message',
    'from',
    'presence',
    'shard_id',
    'guild_id',
    'limit',
    'keyspace',
    'storage',
    'key',
    'serialize',
    'success',
    'block_until',
    '__proto__',
    'constructor',
  ),
  oddValue,
)

const oddPacket = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      op: fc.oneof(fc.integer({ min: -1, max: 8 }), oddValue),
      t: fc.oneof(
        fc.constantFrom(
          'MESSAGE',
          'CONNECTED',
          'DESTROYING',
          'BROADCAST_EVAL',
          'GUILD_MEMBERS_REQUEST',
          'PRESENCE_UPDATE',
          'REST_LIMITS_SYNC',
          'RESTRUCTURING',
          'toString',
        ),
        oddValue,
      ),
      d: fc.oneof(fields, oddValue),
    },
    { requiredKeys: [] },
  ),
)

describe('a hostile bot', () => {
  it('makes the dialect throw with no packet, before or after the handshake', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(oddPacket), fc.boolean(), async (packets, isStarted) => {
        const world = new World()
        world.respond = async ({ target }) => [ok(0, target)]
        if (isStarted) await world.start()
        for (const packet of packets) world.bot.say(packet)
        await world.system.advance(100)
        expect(world.warnings.map(({ code }) => code)).not.toContain('DM_INTERNAL')
        world.dialect.close()
        expect(world.system.pendingTimers).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  it('still gets proper answers after a flood of nonsense', async () => {
    const world = await new World().start()
    world.respond = async () => [ok(0, { ok: true, value: 'fine' })]
    world.bot.write('\f\f{"type":"__DDOO__.MESSAGE"}\f{"type":"__DDOO__.MESSAGE","data":null}\f')
    for (const packet of fc.sample(oddPacket, { numRuns: 500, seed: 7 })) world.bot.say(packet)
    await world.system.advance(0)
    const d = { event_id: 'mine', script: 's', shards: [0] }
    const answers = await world.ask({ op: 0, t: 'BROADCAST_EVAL', d })
    expect(answers.find((answer) => answer.d.event_id === 'mine')?.d.result).toEqual(['fine'])
  })

  it('gets exactly one answer to each of many requests', async () => {
    const world = await new World().start()
    world.respond = async () => [ok(0, { ok: true, value: 'v' })]
    const ids = Array.from({ length: 10_000 }, (_, n) => `e${n}`)
    for (const event_id of ids) {
      world.bot.say({ op: 0, t: 'BROADCAST_EVAL', d: { event_id, script: 's', shards: [0] } })
    }
    await world.system.advance(0)
    const answered = world.bot.packets.filter(({ op }) => op === 0).map(({ d }) => d.event_id)
    expect(answered).toEqual(ids)
  })
})
