/**
 * Learns the latest time at which a dead run can have asked for a stop. A container that still runs when its stop time-out has passed since
 * then is not being stopped.
 */
import type { Claim, HelperClaim } from '../docker/labels.ts'
import { query } from '../docker/process.ts'
import { type DockerHost, engineNow } from './host.ts'

/** Time that an owner may go on after its helper said `orphan` or ended, until it notices, ms. */
const NOTICES_MS = 10_000
const LOGS_MS = 20_000

/**
 * Returns the time by which any stop of the claim's containers had been asked for, ms since 1970 by this process's clock. Nothing is stopped
 * once a journal is made. A run stops nothing after its deadline, or after its helper has ended or lost it. If none of these is known, a
 * stop may have been asked for until now.
 */
export async function stopAskedBy(host: DockerHost, claim: Claim): Promise<number> {
  const { container, deadline } = claim
  const known = [engineNow(host)]
  if (claim.kind === 'journal') known.push(Date.parse(container.createdAt))
  else known.push(deadline)
  if (claim.kind === 'helper') {
    known.push((await orphanedAt(host, claim)) + NOTICES_MS)
    if (container.status === 'exited') known.push(Date.parse(container.finishedAt) + NOTICES_MS)
  }
  // Go's zero time, and a label that could not be read, tell nothing
  return Math.min(...known.filter((time) => time > 0)) - host.engine.clockOffsetMs
}

/** Returns when the helper wrote `orphan`, by the engine's clock, ms since 1970; `NaN` if it did not, or if that cannot be learned. */
async function orphanedAt({ docker }: DockerHost, { container }: HelperClaim): Promise<number> {
  const logs = await query(docker, ['logs', '--timestamps', '--tail', '5', container.id], { deadlineMs: LOGS_MS })
  const line = logs.stdout.split('\n').find((one) => one.endsWith(' orphan'))
  return Date.parse(line?.split(' ')[0] ?? '')
}
