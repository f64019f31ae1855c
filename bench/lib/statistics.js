/** Few numbers in, fewer out. */

/** @param {readonly number[]} sorted ascending @param {number} share in 0..1 */
export function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** @param {readonly number[]} values */
export function summary(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const median =
    sorted.length % 2 === 1
      ? quantile(sorted, 0.5)
      : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
  return { median, low: sorted[0] ?? Number.NaN, high: sorted.at(-1) ?? Number.NaN }
}

/**
 * The slope of values over time by least squares, in value per second; what a leak looks like.
 *
 * @param {readonly { seconds: number, value: number }[]} points
 */
export function slope(points) {
  const mean = (pick) => points.reduce((sum, point) => sum + pick(point), 0) / points.length
  const at = mean(({ seconds }) => seconds)
  const level = mean(({ value }) => value)
  const up = points.reduce((sum, { seconds, value }) => sum + (seconds - at) * (value - level), 0)
  const across = points.reduce((sum, { seconds }) => sum + (seconds - at) ** 2, 0)
  return up / across
}
