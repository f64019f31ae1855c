/** "Did you mean …": the known name nearest to one that is not known. */

/** Longer names are not compared, because the comparison costs length times length. */
const nameCharsMax = 40

/**
 * Finds the nearest of `known`, upper and lower case being the same: up to one mistake in three
 * characters. A mistake is a character too many, too few, wrong, or swapped with its neighbour.
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (name.length > nameCharsMax) return undefined
  const mistakesMax = Math.max(1, Math.floor(name.length / 3))
  let best: { name: string; mistakes: number } | undefined
  for (const candidate of known) {
    const mistakes = distance(name.toLowerCase(), candidate.toLowerCase())
    if (mistakes <= mistakesMax && mistakes < (best?.mistakes ?? Number.POSITIVE_INFINITY)) {
      best = { name: candidate, mistakes }
    }
  }
  return best?.name
}

/** Optimal string alignment distance (Damerau–Levenshtein without overlapping swaps). */
function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const wrong = a[row - 1] === b[column - 1] ? 0 : 1
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current[column] = Math.min(
        cell(last, column) + 1,
        cell(current, column - 1) + 1,
        cell(last, column - 1) + wrong,
        swapped ? cell(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return cell(last, b.length)
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
