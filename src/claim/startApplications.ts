/** Starts the applications that the journal of a claim lists. */
import { enginePatience } from '../applications/enginePatience.ts'
import { waitForPendingStop } from '../applications/pendingStop.ts'
import { type StartResult, startAll } from '../applications/start.ts'
import type { Claim, JournalEntry } from '../docker/labels.ts'
import type { DockerHost } from './host.ts'
import { stopAskedBy } from './stopAskedBy.ts'

/**
 * Longest wait for applications to become ready, ms, because this run's own backups wait meanwhile. A container that runs but is not
 * healthy by then gives a warning.
 */
const READY_MS = 5 * 60_000

/** Returns the containers that the journal of a claim lists. */
export function restartOf(claim: Claim): readonly JournalEntry[] {
  return 'restart' in claim ? claim.restart : []
}

/**
 * Starts what the journal lists, in its order, as `startAll` does. A stop that the dead run asked for may still be under way, and is waited
 * for to its end: a container that went down afterwards would stay down.
 */
export async function startApplications(host: DockerHost, claim: Claim): Promise<StartResult> {
  const entries = restartOf(claim)
  const numbers = [...new Set(entries.map(({ wave }) => wave))].sort((a, b) => a - b)
  const waves = numbers.map((number) => entries.filter(({ wave }) => wave === number))
  const { docker, say } = host
  if (entries.length > 0)
    await waitForPendingStop(docker, waves, {
      patience: enginePatience(),
      say,
      askedBy: await stopAskedBy(host, claim),
      until: Number.POSITIVE_INFINITY,
    })
  return startAll(docker, waves, { until: Date.now() + READY_MS, say })
}
