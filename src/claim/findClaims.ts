/** Finds our own containers on the host, and finds out whether a claim is still held. */

import { commandError, isUnanswered } from '../docker/callResult.ts'
import { listContainers } from '../docker/containers.ts'
import { type Claim, type HelperClaim, parseClaim, VERSION_LABEL } from '../docker/labels.ts'
import { inspectListed } from '../docker/listed.ts'
import { query } from '../docker/process.ts'
import { type DockerHost, engineNow } from './host.ts'
import { startTime, thisProcess } from './processIdentity.ts'
import { processGone, staleBecause } from './stale.ts'

/**
 * Returns all our containers on the host that have valid labels of this version: claims, backup containers and journals, not those that
 * only look. A container that the engine describes oddly is left out and reported by `onOdd`: it must not keep the others from being found.
 */
export async function findClaims(
  host: DockerHost,
  onOdd: (message: string) => Promise<void> = async () => {},
): Promise<readonly Claim[]> {
  const ids = await listContainers(host.docker, [`label=${VERSION_LABEL}`])
  const { containers, odd } = await inspectListed(host.docker, ids)
  for (const { name, why } of odd) await onOdd(`container ${name} is left alone: ${why}`)
  return containers.map(parseClaim).filter((claim) => claim !== null)
}

/**
 * Says why a claim is stale, in the words of `staleBecause`; `null` if it is live. Asks the engine, /proc and GitHub's API. Throws
 * `CommandError` if the engine does not answer.
 */
export async function whyStale(host: DockerHost, claim: Claim): Promise<string | null> {
  const { owner } = claim
  const cheap = {
    engineNow: engineNow(host),
    orphaned: claim.kind === 'helper' && (await isOrphaned(host, claim)),
    ownerGone: isKnownByProcess(claim) ? processGone(owner.process, thisProcess(), startTime) : null,
  }
  const stale = staleBecause(claim, { ...cheap, runCompleted: null })
  if (stale !== null || owner.runId === '' || owner.server !== host.owner.server || isSameRun(owner, host.owner))
    return stale
  return staleBecause(claim, {
    ...cheap,
    runCompleted: await host.runCompleted(owner.repository, owner.runId, owner.attempt),
  })
}

/** Tells whether the owner's process counts: for a claim without a lease, and for a restore, whose undoing no deadline may end. */
function isKnownByProcess(claim: Claim): boolean {
  return claim.kind === 'backup' || (claim.kind === 'helper' && claim.undo !== undefined)
}

function isSameRun(a: Claim['owner'], b: Claim['owner']): boolean {
  return a.repository === b.repository && a.runId === b.runId && a.attempt === b.attempt
}

async function isOrphaned(host: DockerHost, claim: HelperClaim): Promise<boolean> {
  const argv = ['logs', '--tail', '5', claim.container.id]
  const logs = await query(host.docker, argv, { deadlineMs: 20_000 })
  if (isUnanswered(logs))
    throw commandError(host.docker, `the helper of instance ${claim.instance} could not be asked`, logs)
  return logs.stdout.split('\n').includes('orphan')
}
