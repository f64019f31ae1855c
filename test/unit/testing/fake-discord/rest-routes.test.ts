import { describe, expect, it } from 'vitest'
import { botId } from '../../../../src/testing/fake-discord/people.js'
import {
  answerRest,
  type RestAnswer,
  type RestRequest,
} from '../../../../src/testing/fake-discord/rest-routes.js'
import { GatewayBench } from './gateway-bench.js'

const rules = { gatewayUrl: 'ws://fake', recommendedShards: 8, maxConcurrency: 2 }

function ask(bench: GatewayBench, request: Partial<RestRequest>): RestAnswer {
  const whole = { method: 'GET', url: '/', authorization: 'Bot token', ...request }
  return answerRest(whole, bench.world, rules, bench.now)
}

describe('the HTTP side', () => {
  it.each(['/api/v10/gateway/bot', '/api/v9/gateway/bot?x=1', '/api/gateway/bot', '/gateway/bot'])(
    'says at %s where the gateway is and how many sessions may be started',
    (url) => {
      const bench = new GatewayBench({ startsTotal: 10, startsResetAfterMs: 60_000 })
      bench.identified(0)
      bench.now = 20_000
      expect(ask(bench, { url })).toEqual({
        status: 200,
        body: {
          url: 'ws://fake',
          shards: 8,
          session_start_limit: { total: 10, remaining: 9, reset_after: 40_000, max_concurrency: 2 },
        },
      })
      expect(bench.world.tally.stats.httpRequests).toEqual({ 'GET /gateway/bot': 1 })
    },
  )

  it('knows the bot and its application', () => {
    const bench = new GatewayBench()
    const paths = ['/users/@me', '/applications/@me', '/oauth2/applications/@me']
    const answers = paths.map((path) => ask(bench, { url: `/api/v10${path}` }))
    expect(answers).toMatchObject(paths.map(() => ({ status: 200, body: { id: botId } })))
  })

  it('wants the right token, but for the address of the gateway', () => {
    const bench = new GatewayBench({ token: 'token' })
    const unauthorized = { status: 401, body: { message: '401: Unauthorized', code: 0 } }
    const wrong = { url: '/api/v10/gateway/bot', authorization: 'Bot hunter2' }
    expect(ask(bench, wrong)).toEqual(unauthorized)
    expect(ask(bench, { ...wrong, authorization: undefined })).toEqual(unauthorized)
    expect(ask(bench, { ...wrong, authorization: 'Bot token' }).status).toBe(200)
    const open = ask(bench, { url: '/api/v10/gateway', authorization: undefined })
    expect(open).toEqual({ status: 200, body: { url: 'ws://fake' } })
    expect(bench.reasons).toEqual(['http-unauthorized', 'http-unauthorized'])
    expect(JSON.stringify(bench.world.tally.stats)).not.toContain('hunter2')
  })

  it('answers all else with 404 in the shape of Discord, and counts it without ids and secrets', () => {
    const bench = new GatewayBench()
    const id = '200000000000000016'
    const asked = [
      ['POST', `/api/v10/channels/${id}/messages`],
      ['POST', `/api/v10/webhooks/${id}/${'s'.repeat(60)}`],
    ]
    const answers = asked.map(([method = '', url = '']) => ask(bench, { method, url }))
    const notFound = { status: 404, body: { message: '404: Not Found', code: 0 } }
    expect(answers).toEqual([notFound, notFound])
    expect(bench.world.tally.stats.httpRequests).toEqual({
      'POST /channels/:id/messages': 1,
      'POST /webhooks/:id/:secret': 1,
    })
  })

  it('takes nothing but GET', () => {
    const answer = ask(new GatewayBench(), { method: 'POST', url: '/api/v10/users/@me' })
    expect(answer).toEqual({ status: 405, body: { message: '405: Method Not Allowed', code: 0 } })
  })

  it('counts a bounded number of routes by name', () => {
    const bench = new GatewayBench()
    for (let n = 0; n < 300; n++) ask(bench, { url: `/route-${n}` })
    const { httpRequests } = bench.world.tally.stats
    expect(Object.keys(httpRequests)).toHaveLength(201)
    expect(httpRequests.other).toBe(100)
  })
})
