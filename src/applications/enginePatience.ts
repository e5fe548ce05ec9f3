/** Limits for how long an engine that does not answer is asked again while applications are started. */

import { retryWhileUnavailable } from '../docker/retry.ts'

/**
 * Longest time without any answer, ms. An engine that restarts needs some seconds, and the job must end within a minute of its engine's
 * death; the journal stays, and `post` and the next run try again.
 */
const ENGINE_AWAY_MS = 45_000

export interface EnginePatience {
  /**
   * Repeats `work`, which must be safe to repeat, while a docker command in it fails. After too long a time without success, throws its last
   * error.
   */
  ask<T>(work: () => Promise<T>): Promise<T>
}

/** Makes one limit for a series of questions: `awayMs` from now and, after each answer, from that answer on. */
export function enginePatience(awayMs = ENGINE_AWAY_MS): EnginePatience {
  let answeredAt = Date.now()
  const left = () => Math.max(0, answeredAt + awayMs - Date.now())
  return {
    async ask(work) {
      const answer = await retryWhileUnavailable(left(), work)
      answeredAt = Date.now()
      return answer
    },
  }
}
