/**
 * The payload of ManagerOp.LEASE: until when the instance may run, in the machine's time, and how long
 * its goodbye may take then, both in ms as 64-bit floating point, big-endian. Empty: there is no lease
 * any more, and it runs as long as its manager lives.
 */

const payloadBytes = 16

export interface LeaseNotice {
  /** System.machineTime() at which the lease ends. */
  readonly until: number
  /** Longest time from then to the exit, ms. */
  readonly goodbyeMs: number
}

/** Null: none any more. */
export function encodeLease(notice: LeaseNotice | null): Uint8Array {
  if (notice === null) return new Uint8Array(0)
  const payload = new Uint8Array(payloadBytes)
  const view = new DataView(payload.buffer)
  view.setFloat64(0, notice.until)
  view.setFloat64(8, notice.goodbyeMs)
  return payload
}

/** Undefined for what no manager sends. */
export function decodeLease(payload: Uint8Array): LeaseNotice | null | undefined {
  if (payload.length === 0) return null
  if (payload.length !== payloadBytes) return undefined
  const view = new DataView(payload.buffer, payload.byteOffset)
  const until = view.getFloat64(0)
  const goodbyeMs = view.getFloat64(8)
  const isSane = Number.isFinite(until) && Number.isFinite(goodbyeMs) && goodbyeMs >= 0
  return isSane ? { until, goodbyeMs } : undefined
}
