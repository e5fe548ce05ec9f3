/** A stop that somebody asked for and did not wait for: the engine goes on with it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { inspectContainers } from '../docker/containers.ts'
import type { Container } from '../docker/parseContainer.ts'
import type { Docker } from '../docker/process.ts'
import { retryWhileUnavailable } from '../docker/retry.ts'

const DEFAULT_STOP_S = 10
/** For a container that may take for ever. */
const ENDLESS_S = 600
const PATIENCE_MS = 120_000
/** What the engine takes for the kill after the time-out, ms. */
const KILL_MS = 3_000
const POLL_MS = 300

/**
 * Waits until those of `ids` that run have ended, or the longest of their stop time-outs and the kill after it would be over:
 * whoever still runs then goes on running. To be called before containers are started whose stop may have been begun by a client
 * that is dead or gave up: `docker start` finds them running, does nothing, and a moment later they are down (measured).
 */
export async function pendingStops(docker: Docker, ids: readonly string[]): Promise<void> {
  let running = await runningOf(docker, ids)
  const seconds = running.map((one) => stopTimeout(one))
  const end = Date.now() + Math.max(0, ...seconds) * 1000 + KILL_MS
  while (running.length > 0 && Date.now() < end) {
    await sleep(POLL_MS)
    const left = running.map(({ id }) => id)
    running = await runningOf(docker, left)
  }
}

async function runningOf(docker: Docker, ids: readonly string[]): Promise<readonly Container[]> {
  const found = await retryWhileUnavailable(PATIENCE_MS, () => inspectContainers(docker, ids))
  return found.filter(({ state }) => state !== 'down')
}

function stopTimeout(container: Container): number {
  const timeout = container.stopTimeout ?? DEFAULT_STOP_S
  return timeout < 0 ? ENDLESS_S : timeout
}
