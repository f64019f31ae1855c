/** The few routes of Discord's HTTP API that a bot needs to get ready. */
import { type GatewayWorld, isTokenRight, refuse } from './gateway-rules.js'
import { application, botUser } from './people.js'

export interface RestRequest {
  readonly method: string
  /** Path and query as the client sent them. */
  readonly url: string
  readonly authorization: string | undefined
}

export interface RestAnswer {
  readonly status: number
  readonly body: unknown
}

/** What the HTTP side knows beyond the gateway. */
export interface RestRules {
  readonly gatewayUrl: string
  readonly recommendedShards: number
  readonly maxConcurrency: number
}

interface Route {
  readonly isPublic: boolean
  answer(world: GatewayWorld, rules: RestRules, now: number): unknown
}

const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/gateway', { isPublic: true, answer: (_world, { gatewayUrl }) => ({ url: gatewayUrl }) }],
  ['/gateway/bot', { isPublic: false, answer: gatewayBot }],
  ['/users/@me', { isPublic: false, answer: () => botUser }],
  ['/applications/@me', { isPublic: false, answer: () => application }],
  ['/oauth2/applications/@me', { isPublic: false, answer: () => application }],
])

/** Answers as Discord does, errors in its JSON shape `{ message, code }`. */
export function answerRest(
  request: RestRequest,
  world: GatewayWorld,
  rules: RestRules,
  now: number,
): RestAnswer {
  const path = routeOf(request.url)
  const name = `${request.method} ${masked(path)}`
  world.tally.countRoute(name)
  const route = routes.get(path)
  if (route === undefined) return failure(404, 'Not Found')
  if (request.method !== 'GET') return failure(405, 'Method Not Allowed')
  if (!route.isPublic && !isAuthorised(request.authorization, world)) {
    refuse(world, { reason: 'http-unauthorized', detail: `${name} without the right token` }, now)
    return failure(401, 'Unauthorized')
  }
  return { status: 200, body: route.answer(world, rules, now) }
}

function gatewayBot(world: GatewayWorld, rules: RestRules, now: number): unknown {
  const { total, remaining, resetAfterMs } = world.starts.limit(now)
  return {
    url: rules.gatewayUrl,
    shards: rules.recommendedShards,
    session_start_limit: {
      total,
      remaining,
      reset_after: resetAfterMs,
      max_concurrency: rules.maxConcurrency,
    },
  }
}

function failure(status: number, words: string): RestAnswer {
  return { status, body: { message: `${status}: ${words}`, code: 0 } }
}

function isAuthorised(authorization: string | undefined, world: GatewayWorld): boolean {
  const { token } = world.rules
  return token === undefined || isTokenRight(authorization ?? '', token)
}

/** Without query, `/api` and version: libraries differ in what their base URL holds. */
function routeOf(url: string): string {
  const [path = ''] = url.split('?')
  return path.replace(/^\/api(?=\/|$)/, '').replace(/^\/v\d+(?=\/|$)/, '')
}

/** Ids make one route of many; tokens of webhooks and interactions are nobody's business. */
function masked(path: string): string {
  const parts = path.split('/').slice(0, 12)
  const shown = parts.map((part) => {
    if (/^\d{15,20}$/.test(part)) return ':id'
    return part.length > 32 ? ':secret' : part
  })
  return shown.join('/')
}
