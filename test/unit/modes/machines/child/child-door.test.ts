import { describe, expect, it } from 'vitest'
import type { Peer } from '../../../../../src/link/link.js'
import { ChildDoor, type DoorHooks } from '../../../../../src/modes/machines/child/child-door.js'
import { VirtualSystem } from '../../../../support/virtual-system.js'

const key = (n: number) => Buffer.alloc(32, n).toString('base64')

function peer(n: number, epoch: number): Peer {
  return { key: key(n), epoch, recognisedBy: ['secret'], remote: `10.0.0.${n}:5`, about: {} }
}

function door(hooks?: DoorHooks): ChildDoor {
  return new ChildDoor('higher-epoch', new VirtualSystem(), () => {}, hooks)
}

describe('the door of a child', () => {
  it('asks the memory before it lets a parent in, and tells it who came in', () => {
    const epochs = new Map([[key(1), 5]])
    const one = door({
      epochs: {
        of: (parent) => epochs.get(parent),
        enter: (parent, epoch) => epochs.set(parent, epoch),
      },
    })
    expect(one.admit(peer(1, 4), undefined)).toMatchObject({ accept: false, code: 'DM_EPOCH_OLD' })
    expect(one.admit(peer(1, 6), undefined)).toEqual({ accept: true })
    one.entered(peer(1, 6))
    expect(epochs).toEqual(new Map([[key(1), 6]]))
  })

  it('holds another parent back for as long as the lease runs', () => {
    let leftMs = 10_000
    const one = door({ leaseLeftMs: () => leftMs })
    one.entered(peer(1, 5))
    expect(one.admit(peer(2, 6), undefined)).toMatchObject({
      code: 'DM_PARENT_BUSY',
      reason: expect.stringContaining('its lease runs for 10 s more'),
    })
    expect(one.admit(peer(1, 6), undefined)).toEqual({ accept: true })
    leftMs = 1
    expect(one.admit(peer(2, 6), undefined)).toMatchObject({ code: 'DM_PARENT_BUSY' })
    leftMs = 0
    expect(one.admit(peer(2, 6), undefined)).toEqual({ accept: true })
  })

  it('knows of no memory and no lease where nobody tells it', () => {
    const one = door()
    one.entered(peer(1, 5))
    expect(one.admit(peer(2, 1), undefined)).toEqual({ accept: true })
    expect(one.admit(peer(1, 4), undefined)).toMatchObject({ code: 'DM_EPOCH_OLD' })
  })
})
