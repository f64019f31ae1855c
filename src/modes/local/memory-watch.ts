/** What is known of the memory of one instance, and whether it is too much. Pure. */
import { limits } from '../../limits.js'

/** One report may fall into the moment before a garbage collection; two in a row say more. */
const reportsToAct = 2

/** Less of a change than this share is not worth a message to the parent. */
const newsShare = 0.1

export class MemoryWatch {
  /** As last reported, MiB; undefined while the instance is down or has not said anything. */
  memoryMb: number | undefined
  readonly #limitMb: number | undefined
  #reportsAbove = 0
  #told: { readonly memoryMb: number; readonly at: number } | undefined

  constructor(limitMb: number | undefined) {
    this.#limitMb = limitMb
  }

  /** Whether the last reports in a row since the last clear() or startOver() were above the limit. */
  get isAbove(): boolean {
    return this.#reportsAbove >= reportsToAct
  }

  /** Takes a report; true when those who are not told every one of them should learn of it. */
  take(memoryMb: number, now: number): boolean {
    this.memoryMb = memoryMb
    const isAbove = this.#limitMb !== undefined && memoryMb > this.#limitMb
    this.#reportsAbove = isAbove ? this.#reportsAbove + 1 : 0
    if (!this.#isNews(memoryMb, now)) return false
    this.#told = { memoryMb, at: now }
    return true
  }

  /** Reports so far are no reason to act: it was not ready yet. */
  startOver(): void {
    this.#reportsAbove = 0
  }

  /** The incarnation that was reported of is gone. */
  clear(): void {
    this.memoryMb = undefined
    this.#reportsAbove = 0
    this.#told = undefined
  }

  #isNews(memoryMb: number, now: number): boolean {
    if (this.#told === undefined) return true
    if (now - this.#told.at < limits.memoryToldEveryMs) return false
    return Math.abs(memoryMb - this.#told.memoryMb) > this.#told.memoryMb * newsShare
  }
}
