/** Repeats docker calls that fail, for a limited time: the engine may be away for a moment, or the client may have been killed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, DockerUnavailableError } from '../errors.ts'
import { isUnanswered, type QueryOutput } from './callResult.ts'
import { type Docker, type QueryOptions, query } from './process.ts'

const PAUSE_MS = 1_000
/** Pause between two tries, ms; short, because an application may be waiting to be started. */
const AGAIN_MS = 300

/**
 * Repeats `work` while it throws `CommandError` (also for a refusal by the engine) or `DockerUnavailableError`, for `forMs` at most or
 * until the signal fires; then the last error is thrown. Other errors are thrown at once.
 */
export async function retryWhileUnavailable<T>(
  forMs: number,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const until = Date.now() + forMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const isDockers = error instanceof CommandError || error instanceof DockerUnavailableError
      if (!isDockers || signal?.aborted || Date.now() > until) throw error
      await sleep(PAUSE_MS, undefined, signal && { signal }).catch(() => {})
    }
  }
}

/**
 * Runs a query that is safe to repeat (start, remove), and repeats it for `forMs` while it gets no answer. A refusal by the engine is
 * returned at once.
 */
export async function queryWithRetry(
  docker: Docker,
  argv: readonly string[],
  forMs: number,
  options: QueryOptions = {},
): Promise<QueryOutput> {
  const until = Date.now() + forMs
  for (;;) {
    const output = await query(docker, argv, options)
    if (!isUnanswered(output) || Date.now() > until) return output
    await sleep(AGAIN_MS)
  }
}
