import { describe, expect, it } from 'vitest'
import { sleep } from '../../../src/system/system.js'
import { VirtualSystem } from '../../../src/testing/virtual-system.js'

describe('a virtual system', () => {
  it('fires timers at their time and in the order they were set', async () => {
    const system = new VirtualSystem()
    const fired: string[] = []
    const note = (name: string) => () => fired.push(`${name} at ${system.now()}`)
    system.setTimer(20, note('b'))
    system.setTimer(10, note('a'))
    system.setTimer(20, note('c'))
    system.setTimer(30, note('late'))
    const cancel = system.setTimer(15, note('cancelled'))
    cancel()
    await system.advance(20)
    expect(fired).toEqual(['a at 10', 'b at 20', 'c at 20'])
    expect(system.pendingTimers).toBe(1)
    expect(system.now()).toBe(20)
  })

  it('fires timers that were set by what happened on the way', async () => {
    const system = new VirtualSystem()
    const woken: number[] = []
    const nap = async () => {
      for (let n = 0; n < 3; n++) {
        await sleep(system, 100)
        woken.push(system.now())
      }
    }
    const napping = nap()
    await system.advance(300)
    await napping
    expect(woken).toEqual([100, 200, 300])
  })

  it('fires what is overdue all at once after a stall', async () => {
    const system = new VirtualSystem()
    const fired: number[] = []
    system.setTimer(10, () => fired.push(system.now()))
    system.setTimer(20, () => fired.push(system.now()))
    await system.stall(1_000)
    expect(fired).toEqual([1_000, 1_000])
  })

  it('rolls the same dice for the same seed', () => {
    const [one, same, other] = [new VirtualSystem(5), new VirtualSystem(5), new VirtualSystem(6)]
    expect(one.randomBytes(16)).toEqual(same.randomBytes(16))
    expect(one.randomBytes(16)).not.toEqual(other.randomBytes(16))
    expect(one.random()).toBeLessThan(1)
  })

  it('counts what keeps the process alive, once each', () => {
    const system = new VirtualSystem()
    const release = system.keepAlive()
    system.keepAlive()
    release()
    release()
    expect(system.keepAlives).toBe(1)
  })

  it('has a wall clock that moves with it', async () => {
    const system = new VirtualSystem()
    const start = system.wallClock()
    await system.advance(1_234)
    expect(system.wallClock() - start).toBe(1_234)
  })
})
