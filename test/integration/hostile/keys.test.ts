/** Identities as an operator handles them: learned, pinned, changed, forgotten. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MachinesError, ShardingManager } from '../../../dist/index.js'
import { freePort } from '../../support/free-port.js'
import { nativeBot, pointOf, Testbed } from '../../support/testbed.js'

const one = { mode: 'workers', shards: 1 } as const

let bed: Testbed
beforeEach(() => {
  bed = new Testbed()
})
afterEach(() => bed.close())

async function failureOf(start: Promise<unknown>): Promise<MachinesError> {
  const error = await start.then(
    () => new Error('it started'),
    (thrown: MachinesError) => thrown,
  )
  if (!('code' in error)) throw error
  return error
}

function firstOf(error: MachinesError): MachinesError | undefined {
  return error.failures?.[0] as MachinesError | undefined
}

function stateDirOf(manager: ShardingManager): string {
  return manager.options.machines?.stateDir ?? ''
}

describe('a manager’s own identity', () => {
  it('can be read once it has started, and stays the same', async () => {
    const child = bed.make({
      file: nativeBot,
      machines: { me: 'child', ipc: { networkHost: '127.0.0.1', networkPort: await freePort() } },
    })
    expect(child.identity).toBeUndefined()
    expect(() => child.forgetPeer()).toThrowError(expect.objectContaining({ code: 'DM_STATE' }))
    await child.start()
    const { identity } = child
    expect(Buffer.from(identity?.key ?? '', 'base64')).toHaveLength(32)
    expect(identity?.fingerprint).toMatch(/^SHA256:[\w+/]{43}$/)
    await child.stop()
    const again = await bed.child({
      ...child.options.machines,
      stateDir: stateDirOf(child),
    })
    expect(again.identity).toEqual(identity)
  })

  it('does not exist in a local mode', () => {
    const local = bed.make({ mode: 'workers', file: nativeBot, shards: 1 })
    expect([local.identity, local.refusals.size]).toEqual([undefined, 0])
    expect(() => local.forgetPeer()).toThrowError(
      expect.objectContaining({ code: 'DM_NOT_IN_THIS_MODE' }),
    )
  })
})

describe('trustedKeys', () => {
  it('link two managers whose operators have exchanged them, and keep others out', async () => {
    const port = await freePort()
    const ipc = { networkHost: '127.0.0.1', networkPort: port }
    const before = await bed.child({ ipc })
    const childKey = before.identity?.key ?? ''
    await before.stop()
    // The parent's key is known from its first start, which need not succeed.
    const early = bed.parent([pointOf(before, one, { host: '127.0.0.1', port })], {
      dialTimeoutMs: 1,
    })
    await failureOf(early.start())
    const parentKey = early.identity?.key ?? ''
    await early.stop()

    const stateDir = stateDirOf(before)
    const child = await bed.child({ ipc, stateDir, trustedKeys: [parentKey] })
    const warnings: string[] = []
    child.on('warning', ({ code }) => warnings.push(code))
    const machines = { trustedKeys: [childKey] }
    const stranger = bed.parent([pointOf(child, one)], machines)
    expect(firstOf(await failureOf(stranger.start()))?.code).toBe('DM_IDENTITY_REFUSED')
    await stranger.stop()
    expect([...child.refusals]).toEqual([['DM_IDENTITY_REFUSED', 1]])

    const misled = bed.parent([pointOf(child, one)], {
      stateDir: stateDirOf(early),
      trustedKeys: [parentKey],
    })
    expect(firstOf(await failureOf(misled.start()))?.code).toBe('DM_IDENTITY_REFUSED')
    await misled.stop()

    const parent = bed.parent([pointOf(child, one)], {
      ...machines,
      stateDir: stateDirOf(early),
    })
    await parent.start()
    expect(await parent.eval(({ bot }) => bot.id)).toEqual([0])
    expect(warnings).toEqual([])
  })
})

describe('a changed key', () => {
  it('of a parent: the child is loud about it, and lets it in once told to forget', async () => {
    const child = await bed.child()
    const first = bed.parent([pointOf(child, one)])
    await first.start()
    const known = first.identity?.fingerprint ?? 'none'
    await first.detach()

    const second = bed.parent([pointOf(child, one)])
    const warned = once(child as never, 'warning')
    expect(firstOf(await failureOf(second.start()))?.code).toBe('DM_IDENTITY_CHANGED')
    await second.stop()
    const [warning] = (await warned) as [MachinesError]
    for (const part of ['HAS CHANGED', known, second.identity?.fingerprint ?? 'none']) {
      expect(warning.message).toContain(part)
    }
    expect(child.refusals.get('DM_IDENTITY_CHANGED')).toBe(1)

    expect(child.forgetPeer()).toBe(true)
    const third = bed.parent([pointOf(child, one)], { stateDir: stateDirOf(second) })
    await third.start()
    expect(third.machines.first()?.phase).toBe('ready')
  })

  it('of a machine: start() fails with both fingerprints, and it heals after forgetPeer()', async () => {
    const ipc = { networkHost: '127.0.0.1', networkPort: await freePort() }
    const child = await bed.child({ ipc })
    const known = child.identity?.fingerprint ?? 'none'
    const before = bed.parent([pointOf(child, one, { name: 'berlin' })])
    await before.start()
    await before.stop()
    await child.stop()

    const replaced = await bed.child({ ipc })
    const stateDir = stateDirOf(before)
    const parent = bed.parent([pointOf(replaced, one, { name: 'berlin' })], { stateDir })
    const error = await failureOf(parent.start())
    for (const part of ['HAS CHANGED', known, replaced.identity?.fingerprint ?? 'none']) {
      expect(error.message).toContain(part)
    }
    expect(() => parent.forgetPeer('paris')).toThrowError(
      expect.objectContaining({ code: 'DM_TARGET_UNKNOWN' }),
    )
    expect([parent.forgetPeer('berlin'), parent.forgetPeer('berlin')]).toEqual([true, false])
    await parent.stop()
    const again = bed.parent([pointOf(replaced, one, { name: 'berlin' })], { stateDir })
    await again.start()
    expect(again.machines.first()?.phase).toBe('ready')
  })

  it('can be forgotten by hand as well: one entry of known-peers.json', async () => {
    const child = await bed.child()
    const first = bed.parent([pointOf(child, one)])
    await first.start()
    await first.stop()
    const file = join(stateDirOf(child), 'child-127.0.0.1-0', 'known-peers.json')
    const { parent, ...others } = JSON.parse(readFileSync(file, 'utf8'))
    expect(parent.publicKey).toBe(first.identity?.key)
    writeFileSync(file, JSON.stringify(others))
    const second = bed.parent([pointOf(child, one)])
    await second.start()
    expect(JSON.parse(readFileSync(file, 'utf8')).parent.publicKey).toBe(second.identity?.key)
  })
})
