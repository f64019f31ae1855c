/** Calls of one turn that travel together: fewer envelopes, and each call ends as it would alone. */
import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/limits.js'
import { encodeBody } from '../../../src/routing/body-codec.js'
import { EnvelopeKind, Status, Verb } from '../../../src/routing/envelope.js'
import { decodeHeader, encodeEnvelope } from '../../../src/routing/envelope-codec.js'
import { HandedCalls } from '../../../src/routing/handed-calls.js'
import { OriginCalls } from '../../../src/routing/origin-calls.js'
import type { Outcome } from '../../../src/routing/outcome.js'
import { countOf, firstQuestions, joinBodies } from '../../../src/routing/questions.js'
import { Requester } from '../../../src/routing/requester.js'
import { type FakeInstance, Network } from './network.js'

function star(): Network {
  return new Network({ machines: [{ instances: 2 }, { instances: 2 }], gathers: true })
}

/** Answers each number with its double, and the rest as it is told. */
function handleDouble(instance: FakeInstance, odd: (n: number) => unknown = (n) => 2 * n): void {
  instance.handlers.add('double', (n) => (Number(n) % 2 === 0 ? 2 * Number(n) : odd(Number(n))))
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}

function ask(network: Network, count: number, to: number | number[], timeoutMs = 1_000) {
  const { calls } = network.instance(0)
  return numbers(count).map((n) => calls.requestSettled<number>('double', n, { to, timeoutMs }))
}

function said(outcomes: readonly Outcome[]): unknown[] {
  return outcomes.map((outcome) => (outcome.status === 'ok' ? outcome.value : outcome.status))
}

async function ends(network: Network, calls: readonly Promise<Outcome[]>[]): Promise<unknown[][]> {
  return (await network.settle(Promise.all(calls))).map(said)
}

/** How many of the calls have ended. */
async function endedOf(network: Network, calls: readonly Promise<unknown>[]): Promise<number> {
  let ended = 0
  for (const call of calls) call.finally(() => (ended += 1)).catch(() => {})
  await network.run()
  return ended
}

/** The questions in each REQUEST that an instance gets. */
function requestsTo(instance: FakeInstance): number[] {
  const counts: number[] = []
  const receive = instance.receive.bind(instance)
  instance.receive = (envelope) => {
    const { kind, questions } = decodeHeader(envelope)
    if (kind === EnvelopeKind.REQUEST) counts.push(countOf(questions))
    receive(envelope)
  }
  return counts
}

describe('questions of one turn to the same instances', () => {
  it('cross each link once, there and back, and each has its own answer', async () => {
    const network = star()
    handleDouble(network.instance(2))
    expect(await ends(network, ask(network, 10, 2))).toEqual(numbers(10).map((n) => [2 * n]))
    expect(Object.fromEntries(network.crossed)).toEqual({ up0: 1, down1: 1, up1: 1, down0: 1 })
  })

  it('are answered by every instance that they are for', async () => {
    const network = star()
    for (const id of [1, 2, 3]) handleDouble(network.instance(id))
    const answers = await ends(network, ask(network, 5, [1, 2, 3]))
    expect(answers).toEqual(numbers(5).map((n) => [2 * n, 2 * n, 2 * n]))
    expect(Object.fromEntries(network.crossed)).toEqual({ up0: 1, down1: 1, up1: 2, down0: 2 })
  })

  it('are split where they are many, or large', async () => {
    const network = star()
    handleDouble(network.instance(2))
    const counts = requestsTo(network.instance(2))
    expect(await ends(network, ask(network, 100, 2))).toHaveLength(100)
    expect(counts).toEqual([24, 24, 24, 24, 4])
    const { calls } = network.instance(0)
    const text = 'x'.repeat(4_000)
    network.instance(2).handlers.add('length', (given) => String(given).length)
    const lengths = numbers(5).map(() => calls.requestSettled('length', text, { to: 2 }))
    expect(await ends(network, lengths)).toEqual(numbers(5).map(() => [4_000]))
    expect(counts.slice(5)).toEqual([2, 2, 1])
  })

  it('are told apart by each name of a machine, whatever stands in it', async () => {
    const network = star()
    handleDouble(network.instance(2))
    handleDouble(network.instance(3))
    const { calls } = network.instance(0)
    const asked = [['m0\nm1'], ['m0', 'm1'], ['m1'], ['m1']].map((machine) =>
      calls.requestSettled('double', 2, { to: { machine } }),
    )
    const [unknown, both, ...others] = await network.settle(Promise.allSettled(asked))
    expect(unknown).toMatchObject({ reason: { code: 'DM_TARGET_UNKNOWN' } })
    expect(both).toMatchObject({ value: [0, 1, 2, 3].map((instance) => ({ instance })) })
    for (const other of others) expect(other).toMatchObject({ value: [{ value: 4 }, { value: 4 }] })
  })

  it('have answers that are split as well', async () => {
    const network = star()
    handleDouble(network.instance(2), () => 'x'.repeat(9_000))
    const answers = await ends(network, ask(network, 6, 2))
    expect(answers.map(([value]) => String(value).length)).toEqual([1, 9_000, 1, 9_000, 1, 9_000])
    expect(network.crossed.get('up1')).toBe(6)
  })

  it('keep their order among questions to others, of other kinds, and messages', async () => {
    const network = star()
    const heard: string[] = []
    const { handlers } = network.instance(2)
    for (const name of ['a', 'b', 'c', 'd', 'e']) handlers.add(name, () => heard.push(name))
    const { calls } = network.instance(0)
    const asked = [
      calls.requestSettled('a', null, { to: 2 }),
      calls.requestSettled('b', null, { to: [2, 3] }),
      calls.requestSettled('c', null, { to: 2 }),
      calls.requestSettled('d', null, { to: 2, timeoutMs: 500 }),
    ]
    calls.send('between', { to: 2 })
    asked.push(calls.requestSettled('e', null, { to: 2 }))
    const counts = requestsTo(network.instance(2))
    await network.settle(Promise.all(asked))
    expect(heard).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(counts).toEqual([1, 1, 1, 1, 1])
    expect(network.instance(2).messages).toMatchObject([{ message: 'between' }])
  })
})

describe('each question ends by itself', () => {
  it('one that fails leaves the others alone', async () => {
    const network = star()
    handleDouble(network.instance(2), (n) => {
      throw new Error(`no ${n}`)
    })
    const outcomes = await network.settle(Promise.all(ask(network, 4, 2)))
    expect(outcomes.map(said)).toEqual([[0], ['error'], [4], ['error']])
    expect(outcomes[3]).toMatchObject([
      { error: { code: 'DM_REMOTE', cause: { message: 'no 3' } } },
    ])
  })

  it('one that takes long holds up nobody, and may miss its deadline alone', async () => {
    const network = star()
    handleDouble(network.instance(2), () => new Promise(() => {}))
    const calls = ask(network, 4, 2, 100)
    expect(await endedOf(network, calls)).toBe(2)
    await network.advance(200)
    expect(await ends(network, calls)).toEqual([[0], ['timeout'], [4], ['timeout']])
    for (const router of network.routers) expect(router.tick(network.now())).toBe(false)
  })

  it('those that an instance has not answered are offline when it exits', async () => {
    const network = star()
    handleDouble(network.instance(2), () => new Promise(() => {}))
    const calls = ask(network, 4, [1, 2])
    handleDouble(network.instance(1))
    await network.run()
    network.exit(2)
    expect(await ends(network, calls)).toEqual([
      [0, 0],
      [2, 'offline'],
      [4, 4],
      [6, 'offline'],
    ])
  })

  it('and when its machine is lost', async () => {
    const network = star()
    handleDouble(network.instance(2), () => new Promise(() => {}))
    const calls = ask(network, 4, 2)
    await network.run()
    network.lose(1)
    expect(await ends(network, calls)).toEqual([[0], ['offline'], [4], ['offline']])
  })

  it('answers that come one after the other all count', async () => {
    const network = star()
    const waiting: (() => void)[] = []
    network
      .instance(2)
      .handlers.add(
        'double',
        (n) => new Promise((resolve) => waiting.push(() => resolve(2 * Number(n)))),
      )
    const calls = ask(network, 3, 2)
    await network.run()
    for (const answer of waiting.toReversed()) {
      answer()
      await network.run()
    }
    expect(await ends(network, calls)).toEqual([[0], [2], [4]])
    expect(network.crossed.get('up1')).toBe(3)
  })

  it('all of them fail with the reason where the call cannot be carried out', async () => {
    const network = star()
    const calls = await network.settle(Promise.allSettled(ask(network, 3, 9)))
    const unknown = { status: 'rejected', reason: { code: 'DM_TARGET_UNKNOWN' } }
    expect(calls).toMatchObject([unknown, unknown, unknown])
    expect(network.instance(0).requester.pending).toBe(0)
  })
})

/** Two calls, and the number that they travel under. */
async function twoAsked(network: Network) {
  let requestId = 0
  network.instance(2).receive = (envelope) => {
    requestId = decodeHeader(envelope).requestId
  }
  const calls = ask(network, 2, 2)
  await network.run()
  return { calls, requestId }
}

describe('who lies about questions', () => {
  const answer = {
    kind: EnvelopeKind.RESPONSE,
    verb: Verb.CALL,
    status: Status.OK,
    source: 2,
    budgetMs: 0,
    target: { kind: 'endpoint', endpoint: 0 },
  } as const

  it('answers to what was not asked, or was answered, do not count', async () => {
    const network = star()
    const { calls, requestId } = await twoAsked(network)
    const body = encodeBody('first', '')
    const other = encodeBody('other', '')
    const say = (questions: number, bodies: Uint8Array[]) => {
      network
        .instance(2)
        .sendRaw(encodeEnvelope({ ...answer, requestId, questions }, joinBodies(bodies)))
    }
    say(0b100, [other])
    say(0b111, [other, other, other])
    say(0b01, [body])
    say(0b01, [other])
    say(0b11, [other, other])
    say(0b10, [body])
    expect(await ends(network, calls)).toEqual([['first'], ['first']])
    expect(network.router(1).drops.late).toBe(4)
  })

  it('answers that cannot be told apart are an error of that instance', async () => {
    const network = star()
    const { calls, requestId } = await twoAsked(network)
    const bytes = Uint8Array.of(0, 0, 0, 9, 1)
    network.instance(2).sendRaw(encodeEnvelope({ ...answer, requestId, questions: 0b11 }, bytes))
    const outcomes = await network.settle(Promise.all(calls))
    for (const [outcome] of outcomes) {
      expect(outcome).toMatchObject({ status: 'error', error: { code: 'DM_BODY_INVALID' } })
    }
  })

  it('questions that cannot be told apart are all answered with an error', async () => {
    const network = star()
    const answers: unknown[] = []
    network.instance(0).receive = (envelope) => {
      const { kind, status, questions } = decodeHeader(envelope)
      if (kind === EnvelopeKind.RESPONSE) answers.push([status, questions])
    }
    const header = {
      kind: EnvelopeKind.REQUEST,
      verb: Verb.CALL,
      status: Status.NONE,
      requestId: 1,
      source: 0,
      budgetMs: 100,
      questions: 0b111,
      target: { kind: 'instances', ranges: [{ from: 2, to: 2 }] },
    } as const
    network.instance(0).sendRaw(encodeEnvelope(header, Uint8Array.of(1, 2, 3)))
    await network.run()
    expect(answers).toEqual([[Status.ERROR, 0b111]])
  })
})

describe('bounds count questions', () => {
  const key = { verb: Verb.CALL, questions: firstQuestions(32) } as const
  const full = limits.pendingRequestsMax / 32

  it('for an asker', () => {
    const calls = new OriginCalls()
    for (const requestId of numbers(full)) {
      expect(calls.isFull({ ...key, asker: 1, requestId })).toBe(false)
      calls.open({ ...key, asker: 1, requestId }, [5], 1_000, new Uint8Array(0))
    }
    const one = { ...key, asker: 1, requestId: full, questions: 1 }
    expect(calls.isFull(one)).toBe(true)
    expect(calls.isFull({ ...one, asker: 2 })).toBe(false)
  })

  it('for an instance that is asked', () => {
    const calls = new HandedCalls()
    const add = (requestId: number, questions: number) =>
      calls.add({
        ...key,
        asker: requestId % 7,
        requestId,
        instance: 5,
        deadline: 1_000,
        questions,
        open: questions,
      })
    for (const requestId of numbers(full)) expect(add(requestId, firstQuestions(32))).toBe(true)
    expect(add(full, 1)).toBe(false)
    expect(calls.settle(5, 0, 0, firstQuestions(32))).toBe(true)
    expect(add(full, 1)).toBe(true)
  })
})

function setUp(taken = true) {
  const sent: Uint8Array[] = []
  const due: (() => void)[] = []
  const requester = new Requester({
    self: 1,
    send: (envelope) => sent.push(envelope) > 0 && taken,
    clock: { now: () => 0 },
    firstId: 1,
    timeoutMs: 1_000,
    onUndelivered() {},
    later: (run) => due.push(run),
  })
  const call = (n: number) =>
    requester.call({ kind: 'all' }, Verb.CALL, encodeBody(n, '')).catch((error: unknown) => error)
  return { requester, sent, due, call }
}

describe('a requester that gathers', () => {
  it('sends at the end of the turn, or when it is told to', () => {
    const { requester, sent, due, call } = setUp()
    void call(1)
    void call(2)
    expect([sent.length, requester.pending]).toEqual([0, 2])
    requester.flush()
    expect(sent.map((bytes) => decodeHeader(bytes).questions)).toEqual([0b11])
    void call(3)
    for (const run of due) run()
    expect(sent.map((bytes) => decodeHeader(bytes).questions)).toEqual([0b11, 0b1])
    expect(requester.pending).toBe(3)
  })

  it('ends all that waited together when the manager is gone', async () => {
    const { requester, due, call } = setUp(false)
    const calls = [call(1), call(2)]
    for (const run of due) run()
    const lost = { code: 'DM_MANAGER_LOST' }
    expect(await Promise.all(calls)).toMatchObject([lost, lost])
    expect(requester.pending).toBe(0)
  })

  it('sends nothing more once it was stopped', async () => {
    const { requester, sent, due, call } = setUp()
    const calls = [call(1), call(2)]
    requester.stop()
    for (const run of due) run()
    const stopped = { code: 'DM_STOPPED' }
    expect(await Promise.all(calls)).toMatchObject([stopped, stopped])
    expect(sent).toEqual([])
    expect(requester.pending).toBe(0)
  })
})
