import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { FailureDetector } from '../../../src/link/failure-detector.js'
import { Heartbeat } from '../../../src/link/heartbeat.js'
import { Reconnect, redialDelayMsMin, steadyMs } from '../../../src/link/reconnect.js'

describe('the failure detector', () => {
  it('turns yellow and red with silence, and green with any sign of life', () => {
    const detector = new FailureDetector(0, 100)
    const verdicts = [0, 199, 200, 399, 400].map((now) => detector.verdict(now))
    expect(verdicts).toEqual(['green', 'green', 'yellow', 'yellow', 'red'])
    detector.signal(400)
    expect(detector.verdict(599)).toBe('green')
  })

  it('excuses the time in which this side could not listen', () => {
    const detector = new FailureDetector(0, 100)
    detector.excuse(1_000, 900)
    expect(detector.silentMs(1_000)).toBe(100)
    detector.excuse(1_000, 5_000)
    expect(detector.silentMs(1_000)).toBe(0)
  })
})

describe('the heartbeat', () => {
  it('measures the round trip of each beat', () => {
    const heartbeat = new Heartbeat(0, 100)
    const first = heartbeat.tick(0)
    const second = heartbeat.tick(100)
    expect(heartbeat.answered(second.id, 7, 130)).toEqual({ pingMs: 30, peerLagMs: 7 })
    expect(heartbeat.answered(second.id, 7, 140)).toBeUndefined()
    expect(heartbeat.answered(first.id, 7, 140)).toBeUndefined()
    expect(heartbeat.answered(999, 7, 140)).toBeUndefined()
  })

  it('measures how late its own event loop runs', () => {
    const heartbeat = new Heartbeat(0, 100)
    heartbeat.tick(0)
    heartbeat.tick(103)
    expect(heartbeat.lagMs).toBe(3)
    heartbeat.tick(203)
    expect(heartbeat.lagMs).toBe(0)
  })

  it('does not call a peer dead because this side stood still', () => {
    const heartbeat = new Heartbeat(0, 100)
    heartbeat.tick(0)
    expect(heartbeat.tick(10_000).verdict).toBe('green')
    expect(heartbeat.lagMs).toBe(9_900)
  })

  it('calls a silent peer dead after four beats', () => {
    const heartbeat = new Heartbeat(0, 100)
    const verdicts = [0, 100, 200, 300, 400].map((now) => heartbeat.tick(now).verdict)
    expect(verdicts).toEqual(['green', 'green', 'yellow', 'yellow', 'red'])
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
    expect(new Reconnect().nextDelayMs(0.999)).toBeCloseTo(redialDelayMsMin / 2, 0)
    expect(new Reconnect().slowestDelayMs(0.5)).toBe(limits.redialDelayMsMax * 0.75)
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
