/** An engine that is away for a moment, a client that was killed: what must be known or done in the end is asked again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, DockerUnavailableError } from '../errors.ts'

const PAUSE_MS = 1_000

/**
 * Whether the client says that nobody answered it. Newer clients say it with a missing socket's "no such file or directory", which
 * must not pass for a file that is missing in a container.
 */
export function engineIsAway(stderr: string): boolean {
  return /(cannot|failed to) connect to the docker|error during connect|connection refused|connection reset|EOF$/im.test(
    stderr,
  )
}

/** Tries `work` until it does not fail with docker's own errors, or for `forMs`, or until the signal; then the last error is thrown. Other errors are thrown at once. */
export async function patiently<T>(forMs: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
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
