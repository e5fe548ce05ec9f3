/** Waits for a condition by asking again and again (`poll`), and says meanwhile what is waited for (`tellWhile`). */
import { setTimeout as sleep } from 'node:timers/promises'

export interface PollLimits {
  /** Pause between two looks, ms. */
  readonly everyMs: number
  /** Time at which to give up, ms since 1970. */
  readonly until: number
  /** Ends the wait early. */
  readonly signal?: AbortSignal
}

/**
 * Calls `look` until it returns something other than `null`, and returns that; `null` if the time is over or the signal fires first. It
 * looks at least once, and once more at the end of the time. An error of `look` is thrown on.
 */
export async function poll<T>(
  look: () => Promise<T | null>,
  { everyMs, until, signal }: PollLimits,
): Promise<T | null> {
  for (;;) {
    const found = await look()
    const left = until - Date.now()
    if (found !== null || left <= 0 || signal?.aborted) return found
    await sleep(Math.min(everyMs, left), undefined, signal && { signal }).catch(() => {})
  }
}

/** Default time between two lines about what is waited for, ms. */
const TELL_EVERY_MS = 30_000

export interface Telling {
  /**
   * Returns what is waited for, such as `waiting for container "db" to be healthy`; the time is added to it in brackets. Called anew for
   * each line.
   */
  readonly what: () => string
  readonly say: (line: string) => void | Promise<void>
  /** Time between two lines, ms; default 30 s. */
  readonly everyMs?: number
}

/**
 * Does `work` and, until it has ended, says every `everyMs` what is waited for and for how long: `waiting for container "db" to be healthy
 * (60 s)`.
 */
export async function tellWhile<T>({ what, say, everyMs }: Telling, work: () => Promise<T>): Promise<T> {
  const began = Date.now()
  const timer = setInterval(() => {
    const line = `${what()} (${Math.round((Date.now() - began) / 1000)} s)`
    void Promise.resolve(say(line)).catch(() => {}) // a line that cannot be written ends no wait
  }, everyMs ?? TELL_EVERY_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
