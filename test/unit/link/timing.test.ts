import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { FailureDetector, lagMemoryMs, type Verdict } from '../../../src/link/failure-detector.js'
import { Heartbeat } from '../../../src/link/heartbeat.js'
import { LagMeter } from '../../../src/link/lag-meter.js'
import { Reconnect, steadyMs } from '../../../src/link/reconnect.js'
import { RoundTrips, roundTripsKept } from '../../../src/link/round-trips.js'

describe('the failure detector', () => {
  it('turns yellow and red with silence, and green with any sign of life', () => {
    const detector = new FailureDetector(0, 400)
    const verdicts = [0, 199, 200, 399, 400].map((now) => detector.verdict(now))
    expect(verdicts).toEqual(['green', 'green', 'yellow', 'yellow', 'red'])
    detector.signal(400)
    expect(detector.verdict(599)).toBe('green')
  })

  it('excuses the time in which this side could not listen', () => {
    const detector = new FailureDetector(0, 400)
    detector.excuse(1_000, 900)
    expect(detector.silentMs(1_000)).toBe(100)
    detector.excuse(1_000, 5_000)
    expect(detector.silentMs(1_000)).toBe(0)
  })

  it('bears with a peer that is known to stand still, for as much longer', () => {
    const detector = new FailureDetector(0, 400)
    detector.peerLagged(0, 300)
    detector.peerLagged(10, 5)
    expect(detector.verdict(699)).toBe('yellow')
    expect(detector.verdict(700)).toBe('red')
  })

  it('bears with a lag at most twice as long, and forgets it after a while', () => {
    const detector = new FailureDetector(0, 400)
    detector.peerLagged(0, 4e9)
    expect(detector.verdict(799)).toBe('yellow')
    expect(detector.verdict(800)).toBe('red')
    detector.signal(lagMemoryMs)
    expect(detector.verdict(lagMemoryMs + 400)).toBe('red')
  })
})

describe('the lag meter', () => {
  it('knows the worst of the present stretch and the one before', () => {
    const meter = new LagMeter(0, 100)
    expect(meter.tick(0)).toBe(0)
    expect(meter.tick(130)).toBe(30)
    meter.turn()
    expect(meter.tick(230)).toBe(0)
    expect(meter.lagMs(230)).toBe(30)
    meter.turn()
    expect(meter.lagMs(230)).toBe(0)
  })

  it('counts a tick that is overdue, for reading may come before timers', () => {
    const meter = new LagMeter(0, 100)
    meter.tick(0)
    expect(meter.lagMs(3_100)).toBe(3_000)
  })
})

describe('round trips', () => {
  it('have no quantiles before the first', () => {
    const trips = new RoundTrips()
    expect([trips.lastMs, trips.quantileMs(0.5)]).toEqual([undefined, undefined])
  })

  it('tell a rare slow one from what is usual', () => {
    const trips = new RoundTrips()
    for (let n = 1; n <= 100; n++) trips.add(n === 50 ? 900 : n)
    expect([trips.lastMs, trips.quantileMs(0.5), trips.quantileMs(0.99)]).toEqual([100, 51, 100])
    expect(trips.quantileMs(1)).toBe(900)
  })

  it('forget the oldest', () => {
    const trips = new RoundTrips()
    trips.add(900)
    for (let n = 0; n < roundTripsKept; n++) trips.add(2)
    expect([trips.lastMs, trips.quantileMs(1)]).toEqual([2, 2])
  })
})

/** Ticks as a timer would, up to this time; the last verdict. */
function tickUntil(heartbeat: Heartbeat, from: number, until: number): Verdict {
  let { verdict } = heartbeat.health
  for (let now = from; now <= until; now += heartbeat.tickMs) verdict = heartbeat.tick(now).verdict
  return verdict
}

describe('the heartbeat', () => {
  const timing = { heartbeatMs: 100, silenceMs: 400 }
  const started = () => {
    const heartbeat = new Heartbeat(0, timing)
    heartbeat.tick(0)
    return heartbeat
  }
  it('sends one beat at once and one every heartbeatMs, ticks between them notwithstanding', () => {
    const heartbeat = new Heartbeat(0, timing)
    const beats = [0, 25, 50, 75, 99.5, 124, 150, 199].map((now) => heartbeat.tick(now).beat)
    expect(beats).toEqual([1, undefined, undefined, undefined, 2, undefined, undefined, 3])
  })

  it('measures the round trip of each beat', () => {
    const heartbeat = started()
    tickUntil(heartbeat, 25, 100)
    expect(heartbeat.answered(2, 7, 110)).toBe(true)
    expect(heartbeat.health).toEqual({
      verdict: 'green',
      pingMs: 10,
      pingP50Ms: 10,
      pingP99Ms: 10,
      peerLagMs: 7,
    })
    expect(heartbeat.answered(2, 7, 111)).toBe(false)
    expect(heartbeat.answered(1, 7, 111)).toBe(false)
    expect(heartbeat.answered(999, 7, 111)).toBe(false)
  })

  it('leaves out round trips during which the loop over there stood still, and tells its lag', () => {
    const heartbeat = started()
    heartbeat.answered(1, 0, 4)
    tickUntil(heartbeat, 25, 100)
    heartbeat.answered(2, 90, 120)
    expect(heartbeat.health).toMatchObject({ pingMs: 4, pingP99Ms: 4, peerLagMs: 90 })
  })

  it('leaves out round trips during which our own loop stood still', () => {
    const heartbeat = started()
    heartbeat.answered(1, 0, 300)
    expect(heartbeat.health).toMatchObject({ pingMs: undefined, peerLagMs: 0 })
    expect(heartbeat.lagMs(300)).toBe(275)
  })

  it('does not call a peer dead because this side stood still', () => {
    const heartbeat = started()
    expect(heartbeat.tick(10_000).verdict).toBe('green')
    expect(heartbeat.lagMs(10_000)).toBe(9_975)
  })

  it('reads what is waiting before it judges after a pause of its own', () => {
    const heartbeat = started()
    expect(tickUntil(heartbeat, 25, 375)).toBe('yellow')
    expect(heartbeat.tick(3_000).verdict).toBe('yellow')
    expect(heartbeat.tick(3_025).verdict).toBe('red')
  })

  it('calls a silent peer dead after silenceMs, also from a loop that is always late', () => {
    const punctual = started()
    expect(tickUntil(punctual, 25, 375)).toBe('yellow')
    expect(punctual.tick(400).verdict).toBe('red')
    const late = started()
    const verdicts = Array.from({ length: 20 }, (_, n) => late.tick((n + 1) * 60).verdict)
    expect(verdicts.indexOf('red')).toBeGreaterThan(verdicts.indexOf('yellow'))
  })
})

describe('dialling again', () => {
  it('doubles the delay up to the longest one', () => {
    const reconnect = new Reconnect()
    const delays = Array.from({ length: 10 }, () => reconnect.nextDelayMs(0))
    expect(delays.slice(0, 4)).toEqual([250, 500, 1_000, 2_000])
    expect(delays.at(-1)).toBe(limits.redialDelayMsMax)
    expect(reconnect.failures).toBe(10)
  })

  it('shortens delays by up to half, by the dice', () => {
    expect(new Reconnect().nextDelayMs(0.999)).toBeCloseTo(125, 0)
    expect(new Reconnect().slowestDelayMs(0.5)).toBe(limits.redialDelayMsMax * 0.75)
  })

  it('keeps to the pace it was given', () => {
    const reconnect = new Reconnect({ redialDelayMsMin: 100, redialDelayMsMax: 300 })
    const delays = Array.from({ length: 4 }, () => reconnect.nextDelayMs(0))
    expect(delays).toEqual([100, 200, 300, 300])
    expect(reconnect.slowestDelayMs(0)).toBe(300)
  })

  it('begins anew after a steady connection, and not after a short one', () => {
    const reconnect = new Reconnect()
    reconnect.nextDelayMs(0)
    reconnect.succeeded(0)
    reconnect.broke(steadyMs - 1)
    expect(reconnect.nextDelayMs(0)).toBe(500)
    reconnect.succeeded(10_000)
    reconnect.broke(10_000 + steadyMs)
    expect(reconnect.nextDelayMs(0)).toBe(250)
  })
})
