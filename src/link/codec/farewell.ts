/** The bodies of REJECT and CLOSE: a code of this package and a sentence for people, as JSON. */
import { errorCodes, isErrorCode, MachinesError } from '../../errors.js'

export interface Farewell {
  readonly code: string
  /** Empty towards a peer that has not proven who it is: it learns no more than the code. */
  readonly reason: string
}

const reasonLengthMax = 200
// What a peer wrote ends up in logs and terminals, where control characters could forge lines.
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu

function clean(reason: string): string {
  return reason.slice(0, reasonLengthMax).replace(unprintable, ' ')
}

export function encodeFarewell(code: string, reason: string): Uint8Array {
  return Buffer.from(JSON.stringify({ code, reason: clean(reason) }), 'utf8')
}

/** Never throws: the connection is ending anyway, and a garbled goodbye is still one. */
export function decodeFarewell(payload: Uint8Array): Farewell {
  try {
    const body: unknown = JSON.parse(Buffer.from(payload).toString('utf8'))
    if (typeof body === 'object' && body !== null && 'code' in body && 'reason' in body) {
      const { code, reason } = body
      if (typeof code === 'string' && typeof reason === 'string') {
        return { code, reason: clean(reason) }
      }
    }
  } catch {
    // Falls through to the goodbye without words.
  }
  return { code: 'DM_LINK_CLOSED', reason: '' }
}

/** The peer's words as an error of ours; a code that we do not know becomes DM_LINK_CLOSED. */
export function farewellError(said: string, farewell: Farewell): MachinesError {
  const code = isErrorCode(farewell.code) ? farewell.code : 'DM_LINK_CLOSED'
  const words = farewell.reason === '' ? errorCodes[code] : farewell.reason
  return new MachinesError(code, `${said}: ${words}`)
}
