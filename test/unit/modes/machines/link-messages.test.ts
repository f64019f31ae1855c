import { describe, expect, it } from 'vitest'
import type { MachinesError } from '../../../../src/errors.js'
import { encodeControl } from '../../../../src/modes/machines/control-messages.js'
import { ControlOutbox } from '../../../../src/modes/machines/control-outbox.js'
import { parseParentMessage } from '../../../../src/modes/machines/control-parser.js'
import {
  envelopesAmong,
  MessageFaults,
  readLinkMessage,
} from '../../../../src/modes/machines/link-messages.js'

function reading(...messages: readonly Uint8Array[]) {
  const warnings: MachinesError[] = []
  const read: unknown[] = []
  const faults = new MessageFaults('the peer', (error) => warnings.push(error))
  const reader = {
    parse: parseParentMessage,
    control: (message: unknown) => read.push(message),
    envelope: (envelope: Uint8Array) => read.push([...envelope]),
  }
  for (const message of messages) readLinkMessage(message, reader, faults)
  return { warnings, read, faults }
}

describe('messages of a link', () => {
  it('are sorted by their first byte', () => {
    const stop = { op: 'stop', reason: 'enough' } as const
    const { read, faults } = reading(Uint8Array.of(2, 7, 8), encodeControl(stop), Uint8Array.of(2))
    expect(read).toEqual([[7, 8], stop, []])
    expect(faults.count).toBe(0)
  })

  it('that make no sense are all counted, and the first of them is a warning', () => {
    const stopAsOther = encodeControl({ op: 'stop', reason: 'x' })
    stopAsOther[0] = 3
    const { read, faults, warnings } = reading(
      Uint8Array.of(),
      Uint8Array.of(0),
      stopAsOther,
      Buffer.from('\u0001{"op":"nonsense"}'),
    )
    expect(read).toEqual([])
    expect(faults.count).toBe(4)
    expect(warnings).toMatchObject([{ code: 'DM_CONTROL_INVALID' }])
  })

  it('that were lost are told by their envelopes', () => {
    const lost = [Uint8Array.of(2, 1), Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(2)]
    expect(envelopesAmong(lost).map((envelope) => [...envelope])).toEqual([[1], []])
  })
})

describe('ControlOutbox', () => {
  it('says once that a link takes no more, and again only after it did', () => {
    const warnings: MachinesError[] = []
    const link = { isOpen: true, takes: true, send: () => link.takes }
    const outbox = new ControlOutbox(
      'the peer',
      () => link,
      (error) => warnings.push(error),
    )
    const tell = () => outbox.tell({ op: 'stopped' })
    link.takes = false
    expect([tell(), tell()]).toEqual([false, false])
    expect(warnings).toMatchObject([{ code: 'DM_LINK_BACKLOG' }])
    link.takes = true
    expect(tell()).toBe(true)
    link.takes = false
    tell()
    expect(warnings).toHaveLength(2)
  })

  it('does not complain about a link that is closed, or not there yet', () => {
    const warnings: MachinesError[] = []
    const closed = { isOpen: false, send: () => false }
    for (const link of [closed, undefined]) {
      const outbox = new ControlOutbox(
        'the peer',
        () => link,
        (error) => warnings.push(error),
      )
      expect(outbox.tell({ op: 'stopped' })).toBe(false)
    }
    expect(warnings).toEqual([])
  })
})
