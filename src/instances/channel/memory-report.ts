/** The payload of InstanceOp.MEMORY: one number of bytes, as 64-bit floating point, big-endian. */

const payloadBytes = 8

export function encodeMemory(bytes: number): Uint8Array {
  const payload = new Uint8Array(payloadBytes)
  new DataView(payload.buffer).setFloat64(0, bytes)
  return payload
}

/** Undefined for what no preload sends. */
export function decodeMemory(payload: Uint8Array): number | undefined {
  if (payload.length !== payloadBytes) return undefined
  const bytes = new DataView(payload.buffer, payload.byteOffset).getFloat64(0)
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined
}
