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
 * The slope of values over time by least squares, in value per second, and its standard error: what a
 * leak looks like, and how sure that is.
 *
 * @param {readonly { seconds: number, value: number }[]} points
 */
export function slope(points) {
  const sum = (pick) => points.reduce((total, point) => total + pick(point), 0)
  const at = sum(({ seconds }) => seconds) / points.length
  const level = sum(({ value }) => value) / points.length
  const across = sum(({ seconds }) => (seconds - at) ** 2)
  const perSecond = sum(({ seconds, value }) => (seconds - at) * (value - level)) / across
  const off = ({ seconds, value }) => value - level - perSecond * (seconds - at)
  const error = Math.sqrt(sum((point) => off(point) ** 2) / (points.length - 2) / across)
  return { perSecond, error }
}
