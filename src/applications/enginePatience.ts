/** How long an engine that does not answer is asked again while applications are to be started. */

import type { QueryOutput } from '../docker/callResult.ts'
import { isUnanswered } from '../docker/callResult.ts'
import type { Docker, QueryOptions } from '../docker/process.ts'
import { queryWithRetry, retryWhileUnavailable } from '../docker/retry.ts'

/**
 * For how long at a stretch, ms. An engine that restarts needs some seconds, and a job whose engine died is to end within a minute:
 * the journal stays, and `post` and the next start try again.
 */
const ENGINE_AWAY_MS = 45_000

export interface EnginePatience {
  /** Asks something that can be asked again. Throws docker's own error where the engine was away for too long. */
  ask<T>(work: () => Promise<T>): Promise<T>
  /** A query whose work may be done twice. */
  query(docker: Docker, argv: readonly string[], options: QueryOptions): Promise<QueryOutput>
}

/** One patience for all that is asked side by side and one after the other: each answer begins it anew. */
export function enginePatience(awayMs = ENGINE_AWAY_MS): EnginePatience {
  let answeredAt = Date.now()
  const left = () => Math.max(0, answeredAt + awayMs - Date.now())
  return {
    async ask(work) {
      const answer = await retryWhileUnavailable(left(), work)
      answeredAt = Date.now()
      return answer
    },
    async query(docker, argv, options) {
      const output = await queryWithRetry(docker, argv, left(), options)
      if (!isUnanswered(output)) answeredAt = Date.now()
      return output
    },
  }
}
