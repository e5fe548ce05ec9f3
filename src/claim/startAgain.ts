/** Starting what a dead run left stopped: the sweep's counterpart of the start after a copy. */

import { startAll } from '../applications/stopStart.ts'
import type { JournalEntry } from '../docker/labels.ts'
import type { Docker } from '../docker/process.ts'

/** For all of them to be started and up, ms. */
const DEADLINE_MS = 15 * 60_000

/**
 * Starts wave after wave and waits until all are up; one that runs already is fine. The stop that its dead owner asked for may still be
 * under way in the engine: that is waited for. Returns a sentence for each that did not come up; its log, which may hold anything, is not in it.
 */
export async function startAgain(
  docker: Docker,
  waves: readonly (readonly JournalEntry[])[],
): Promise<readonly string[]> {
  const started = await startAll(docker, waves, { deadlineMs: DEADLINE_MS, stopMayBePending: true })
  return started.failed.map((one) => `${one.error} (docker logs ${one.name} may say why)`)
}
