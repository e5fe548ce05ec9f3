/** Parses durations as Go writes them, which Marina's users know (`1h30m`, `5m`, `1.5h`), and days (`7d`). */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // U+00B5
  μs: 1e-3, // U+03BC
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/**
 * Returns the duration in ms, perhaps with a fraction; `null` if the text is none: a number other than `0` without a unit, a negative one,
 * anything else.
 */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0
  const part = /([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d)/y
  let total = 0
  while (part.lastIndex < text.length) {
    const found = part.exec(text)
    if (found === null) return null
    total += Number(found[1]) * (UNIT_MS[found[2] as string] as number)
  }
  return text === '' || !Number.isFinite(total) ? null : Math.round(total * 1e6) / 1e6
}
