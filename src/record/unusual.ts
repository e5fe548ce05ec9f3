/** Compares a backup with those before it. Pure. */
import { bytes, seconds } from '../format.ts'
import type { PastRun } from '../outcome.ts'

const COMPARED = 7
/** The fewest earlier backups that say what is usual. */
const LEAST = 3
const LITTLE = 0.5
const MUCH = 2
/** Differences of time below this are the machine's, s. */
const NOTICED_SECONDS = 5

/**
 * Returns one text for the size, and one for the duration, if it is under half or over twice the median of the last good backups in `runs`
 * (the latest first). The median needs 3 of them and takes 7 at most. A duration must also differ by 5 s.
 */
export function unusual(
  now: { readonly bytes: number | null; readonly seconds: number },
  runs: readonly PastRun[],
): readonly string[] {
  const good = runs.filter(({ status }) => status === 'success')
  const usualBytes = median(good.map((run) => run.bytes))
  const usualSeconds = median(good.map((run) => run.seconds))
  return [
    ...(usualBytes !== null && now.bytes !== null && isFar(now.bytes, usualBytes)
      ? [`its data is ${bytes(now.bytes)}, ${compared(now.bytes, usualBytes, bytes(usualBytes))}`]
      : []),
    ...(usualSeconds !== null &&
    isFar(now.seconds, usualSeconds) &&
    Math.abs(now.seconds - usualSeconds) >= NOTICED_SECONDS
      ? [`it took ${seconds(now.seconds)}, ${compared(now.seconds, usualSeconds, seconds(usualSeconds))}`]
      : []),
  ]
}

function compared(value: number, usual: number, words: string): string {
  const share = usual === 0 ? 'and was' : `${Math.round((100 * value) / usual)} % of`
  return `${share} ${words}, which is usual for its last backups (median of up to ${COMPARED}): see whether that is right`
}

function isFar(value: number, usual: number): boolean {
  return value < LITTLE * usual || value > MUCH * usual
}

function median(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null).slice(0, COMPARED)
  if (known.length < LEAST) return null
  const sorted = known.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const low = sorted[Math.ceil(middle) - 1] as number
  const high = sorted[Math.floor(middle)] as number
  return (low + high) / 2
}
