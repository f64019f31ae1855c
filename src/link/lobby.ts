/**
 * Where connections wait until they have proven who they are: few places, and always one for the
 * next to come. Pure: it says who has to go, the server shows him the door.
 *
 * Turning newcomers away when all places are taken would let anybody keep the parent out, by nothing
 * but sitting there until the handshake timeout. So a newcomer gets in, and the oldest connection of
 * the address that holds the most places has to go. One stranger thus only gets in his own way; many
 * strangers with an address each have to come faster than a handshake takes, all the time; and not
 * even they push out an address that has proven itself before.
 */
import { limits } from '../limits.js'

interface Place {
  readonly address: string
  readonly isProven: boolean
}

export class Lobby<Guest> {
  /** In the order of their coming. */
  readonly #places = new Map<Guest, Place>()

  /** How many are waiting now. */
  get size(): number {
    return this.#places.size
  }

  /** Gives the guest a place. The guest who has to go for it, perhaps the new one, is returned. */
  enter(guest: Guest, address: string, isProven: boolean): Guest | undefined {
    const leaving = this.#whoLeaves(guest, address, isProven)
    this.#places.set(guest, { address, isProven })
    if (leaving !== undefined) this.#places.delete(leaving)
    return leaving
  }

  /** The guest is through, or gone. Unknown ones are ignored. */
  leave(guest: Guest): void {
    this.#places.delete(guest)
  }

  #whoLeaves(guest: Guest, address: string, isProven: boolean): Guest | undefined {
    const neighbours = this.#guestsWhere((place) => place.address === address)
    if (neighbours.length >= limits.strangersPerAddressMax) return neighbours[0]
    if (this.#places.size < limits.strangersMax) return undefined
    const strangers = this.#oldestOfTheMost((place) => !place.isProven)
    if (strangers !== undefined) return strangers
    return isProven ? this.#oldestOfTheMost(() => true) : guest
  }

  #guestsWhere(fits: (place: Place) => boolean): Guest[] {
    return [...this.#places].filter(([, place]) => fits(place)).map(([guest]) => guest)
  }

  /** The oldest guest of the address with the most guests, among those that fit. */
  #oldestOfTheMost(fits: (place: Place) => boolean): Guest | undefined {
    const byAddress = new Map<string, Guest[]>()
    for (const [guest, place] of this.#places) {
      if (!fits(place)) continue
      const guests = byAddress.get(place.address)
      if (guests === undefined) byAddress.set(place.address, [guest])
      else guests.push(guest)
    }
    // Sorting is stable: of addresses with equally many, the one that came first has to give way.
    return [...byAddress.values()].toSorted((a, b) => b.length - a.length)[0]?.[0]
  }
}
