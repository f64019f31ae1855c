import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type {
  ChildMessage,
  ParentMessage,
} from '../../../../src/modes/machines/control-messages.js'
import { encodeControl } from '../../../../src/modes/machines/control-messages.js'
import {
  parseChildMessage,
  parseParentMessage,
} from '../../../../src/modes/machines/control-parser.js'

const status = {
  id: 0,
  shards: [],
  phase: 'ready',
  pid: 7,
  respawns: 1,
  memoryMb: 80,
  isHeld: true,
} as const

const source = { parent: 'key', epoch: 7, revision: 1 }
const terms = { leaseMs: 30_000 }

const fromChild: readonly ChildMessage[] = [
  { op: 'running', source: null, lease: null, totalShards: 0, instances: [] },
  {
    op: 'running',
    source,
    lease: terms,
    totalShards: 8,
    instances: [{ id: 1, shards: '0-3,7' }],
  },
  { op: 'released', revision: 1 },
  { op: 'accepted', revision: 1, adopted: true, killTimeoutMs: 5_000, instances: [status] },
  { op: 'refused', revision: 1, error: { code: 'DM_ASSIGNMENT_REFUSED', message: 'no' } },
  { op: 'started', revision: 2 },
  { op: 'failed', revision: 2, failures: [{ code: 'DM_REMOTE', message: 'x', instance: 3 }] },
  { op: 'failed', revision: 2, failures: [] },
  { op: 'instance-done', call: 4 },
  { op: 'instance-done', call: 4, error: { code: 'DM_OFFLINE', message: 'x' } },
  { op: 'stopped' },
  { op: 'event', event: { type: 'spawned', instance: 1, pid: 8 } },
  { op: 'event', event: { type: 'ready', instance: 1 } },
  { op: 'event', event: { type: 'gateway', instance: 1, state: 'reconnecting' } },
  { op: 'event', event: { type: 'exited', instance: 1, exit: { code: 1, signal: null } } },
  {
    op: 'event',
    event: { type: 'exited', instance: 1, exit: { code: null, signal: 'SIGKILL', message: 'm' } },
  },
  { op: 'event', event: { type: 'respawning', instance: 1, delayMs: 12.5 } },
  { op: 'event', event: { type: 'crash-loop', instance: 1, exits: 5 } },
  {
    op: 'event',
    event: { type: 'start-failed', instance: 1, code: 'DM_INSTANCE_EXITED', message: 'm' },
  },
  { op: 'event', event: { type: 'stopped', instance: 1 } },
  {
    op: 'event',
    event: { type: 'respawn-held', instance: 1, delayMs: 5, identifiesMax: 9, isNews: true },
  },
  { op: 'event', event: { type: 'memory', instance: 1, memoryMb: 80 } },
  { op: 'event', event: { type: 'memory-limit', instance: 1, memoryMb: 81, limitMb: 80 } },
]

const fromParent: readonly ParentMessage[] = [
  { op: 'assign', ...source, lease: null, assignment: { any: 'thing' } },
  { op: 'assign', ...source, lease: terms, assignment: null },
  { op: 'topology-patch', patch: { any: 'thing' } },
  { op: 'topology', topology: [1, null] },
  { op: 'instance', call: 1, action: 'recreate', instance: 0 },
  { op: 'stop', reason: '' },
]

const bytesOf = (json: string) => Buffer.concat([Buffer.of(1), Buffer.from(json)])

/** Both sides say these; `lease` is a request of the child, and of the parent its grant. */
const round = { op: 'round', round: 3 } as const
const request: ChildMessage = { op: 'lease', n: 5, revision: 1, stopMs: 11_000 }
const grant: ParentMessage = { op: 'lease', n: 5 }

describe('control messages', () => {
  it('come out as they went in', () => {
    expect(fromChild.map((message) => parseChildMessage(encodeControl(message)))).toEqual(fromChild)
    const parsed = fromParent.map((message) => parseParentMessage(encodeControl(message)))
    expect(parsed).toEqual(fromParent)
    expect(parseChildMessage(encodeControl(request))).toEqual(request)
    expect(parseParentMessage(encodeControl(grant))).toEqual(grant)
    expect(parseChildMessage(encodeControl(round))).toEqual(round)
    expect(parseParentMessage(encodeControl(round))).toEqual(round)
  })

  it('are not taken from the wrong side', () => {
    expect(fromChild.map((message) => parseParentMessage(encodeControl(message)))).toEqual(
      fromChild.map(() => undefined),
    )
    expect(fromParent.map((message) => parseChildMessage(encodeControl(message)))).toEqual(
      fromParent.map(() => undefined),
    )
  })

  it.each([
    '',
    '{',
    'null',
    '[]',
    '"stop"',
    '{}',
    '{"op":1}',
    '{"op":"__proto__"}',
    '{"op":"constructor"}',
    '{"op":"toString"}',
    '{"op":"hasOwnProperty"}',
    '{"op":"started"}',
    '{"op":"started","revision":-1}',
    '{"op":"started","revision":1.5}',
    '{"op":"started","revision":1e999}',
    '{"op":"started","revision":"1"}',
    '{"op":"event"}',
    '{"op":"event","event":{"type":"ready"}}',
    '{"op":"event","event":{"type":"__proto__","instance":0}}',
    '{"op":"event","event":{"type":"respawning","instance":0,"delayMs":1e999}}',
    '{"op":"event","event":{"type":"exited","instance":0,"exit":7}}',
    '{"op":"event","event":{"type":"memory","instance":0,"memoryMb":-1}}',
    '{"op":"event","event":{"type":"memory-limit","instance":0,"memoryMb":1}}',
    '{"op":"event","event":{"type":"respawn-held","instance":0,"delayMs":1,"identifiesMax":"1"}}',
    '{"op":"accepted","revision":1,"adopted":true,"killTimeoutMs":1e999,"instances":[]}',
    '{"op":"accepted","revision":1,"adopted":true,"killTimeoutMs":9e9,"instances":[]}',
    '{"op":"accepted","revision":1,"adopted":true,"killTimeoutMs":1,"instances":[{"id":0}]}',
    '{"op":"accepted","revision":1,"adopted":1,"killTimeoutMs":1,"instances":[]}',
    '{"op":"failed","revision":1,"failures":[{"code":1,"message":"x"}]}',
    '{"op":"instance-done","call":1,"error":null}',
    '{"op":"instance","call":1,"action":"constructor","instance":0}',
    '{"op":"instance","call":1,"action":"kill","instance":null}',
    '{"op":"stop","reason":null}',
    '{"op":"assign","revision":1,"lease":null,"assignment":{}}',
    '{"op":"assign","parent":"key","revision":1,"lease":null,"assignment":{}}',
    '{"op":"assign","parent":7,"epoch":1,"revision":1,"lease":null,"assignment":{}}',
    '{"op":"assign","parent":"key","epoch":-1,"revision":1,"lease":null,"assignment":{}}',
    '{"op":"assign","parent":"key","epoch":1,"lease":null,"assignment":{}}',
    '{"op":"assign","parent":"key","epoch":1,"revision":1,"assignment":{}}',
    '{"op":"assign","parent":"key","epoch":1,"revision":1,"lease":{},"assignment":{}}',
    '{"op":"assign","parent":"key","epoch":1,"revision":1,"lease":{"leaseMs":9e9},"assignment":{}}',
    '{"op":"assign","parent":"key","epoch":1,"revision":1,"lease":{"leaseMs":1},"assignment":{}}',
    '{"op":"lease"}',
    '{"op":"lease","n":-1}',
    '{"op":"lease","n":1.5,"revision":1,"stopMs":1}',
    '{"op":"lease","n":-1,"revision":1,"stopMs":1}',
    '{"op":"round"}',
    '{"op":"round","round":-1}',
    '{"op":"released","revision":null}',
    '{"op":"running","source":{"parent":"key"},"lease":null,"totalShards":1,"instances":[]}',
    '{"op":"running","source":null,"totalShards":1,"instances":[]}',
    '{"op":"running","source":null,"lease":{},"totalShards":1,"instances":[]}',
    '{"op":"running","source":null,"lease":null,"totalShards":-1,"instances":[]}',
    '{"op":"running","source":null,"lease":null,"totalShards":1,"instances":[{"id":0}]}',
    '{"op":"running","source":null,"lease":null,"totalShards":1,"instances":[{"id":0,"shards":"b"}]}',
  ])('give nothing where they make no sense: %s', (json) => {
    expect(parseChildMessage(bytesOf(json))).toBeUndefined()
    expect(parseParentMessage(bytesOf(json))).toBeUndefined()
  })

  it('give nothing, and do nothing, for any other JSON or bytes', () => {
    const op = fc.constantFrom(...[...fromChild, ...fromParent].map(({ op: name }) => name))
    const almost = fc
      .tuple(op, fc.dictionary(fc.string(), fc.jsonValue()))
      .map(([name, fields]) => JSON.stringify({ ...fields, op: name }))
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.json().map(bytesOf),
      almost.map(bytesOf),
      fc.string().map(bytesOf),
    )
    const known = new Set<unknown>([...fromChild, ...fromParent].map((message) => message.op))
    fc.assert(
      fc.property(bytes, (given) => {
        for (const parse of [parseChildMessage, parseParentMessage]) {
          const message = parse(given)
          expect(message === undefined || known.has(message.op)).toBe(true)
        }
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('take no bad UTF-8', () => {
    const bytes = Buffer.concat([bytesOf('{"op":"stop","reason":"'), Buffer.of(0xff, 0x22, 0x7d)])
    expect(parseParentMessage(bytes)).toBeUndefined()
  })
})
