/** What was given, in few printable words: for error messages, which end up in logs. */

const textCharsMax = 60
const keysMax = 5

/**
 * Describes a value without quoting anything that may be private: objects and arrays by their shape,
 * keys given as text (PEM) by their size, URLs without user and password. Texts are cut.
 */
export function describe(given: unknown): string {
  switch (typeof given) {
    case 'string':
      return describeText(given)
    case 'bigint':
      return `${given}n`
    case 'function':
      return 'a function'
    case 'symbol':
      return 'a symbol'
    case 'object':
      return given === null ? 'null' : describeObject(given)
    default:
      return String(given)
  }
}

/** Describes a value that must not be shown at all: a secret, a variable, an argument. */
export function describeHidden(given: unknown): string {
  if (typeof given === 'string') {
    const bytes = Buffer.byteLength(given)
    return `a string of ${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`
  }
  return typeof given === 'number' || typeof given === 'bigint' ? 'a number' : describe(given)
}

function describeText(text: string): string {
  if (text.includes('-----BEGIN ')) return `the text of a PEM file (${text.length} characters)`
  const harmless = text.replace(/\/\/[^/]*@/g, '//***@')
  const cut = harmless.slice(0, textCharsMax)
  return printable(cut) + (cut === harmless ? '' : '…')
}

/** Quotes a text; what a terminal would act upon or hide is written as its code point. */
function printable(text: string): string {
  return JSON.stringify(text).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

function describeObject(given: object): string {
  if (Array.isArray(given)) {
    return given.length === 0 ? 'an empty array' : `an array of ${given.length}`
  }
  if (ArrayBuffer.isView(given)) return `binary data of ${given.byteLength} bytes`
  const made = Object.prototype.toString.call(given).slice(8, -1)
  if (made !== 'Object') return `an object of type ${made}`
  const keys = Object.keys(given)
  if (keys.length === 0) return 'an object without members'
  const shown = keys.slice(0, keysMax).map((key) => key.slice(0, 40))
  return `an object with ${shown.map(printable).join(', ')}${keys.length > keysMax ? '…' : ''}`
}
