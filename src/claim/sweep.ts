/**
 * What is left on the host by whoever died: found by its labels, taken over by one atomic rename, repaired, removed.
 * A sweeper may die too; who meets its `marina-sweep-…` gives it two minutes and goes on in its place.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { inspectContainer, inspectContainers, listContainers, removeContainer } from '../docker/containers.ts'
import {
  type Claim,
  imageName,
  isReleasedSweep,
  type JournalEntry,
  parseClaim,
  releasedSweepName,
  sweepGeneration,
  sweepName,
  VERSION_LABEL,
} from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { commandError, isUnanswered, query } from '../docker/process.ts'
import { inspectVolumes, listVolumes } from '../docker/volumes.ts'
import { CommandError } from '../errors.ts'
import { type DockerHost, engineNow } from './host.ts'
import { startTime, thisProcess } from './processIdentity.ts'
import { processGone, staleBecause } from './stale.ts'

/** How long a sweeper that was met has to finish, ms. */
const SWEEPER_PATIENCE_MS = 120_000
/** How often a rename is tried that nobody answers. */
const RENAMES = 5
/** An unused staging volume younger than this may belong to a container that is being created, ms. */
const VOLUME_GRACE_MS = 600_000

/** All of Marina's own containers on the host. */
export async function findClaims(host: DockerHost): Promise<readonly Claim[]> {
  const ids = await listContainers(host.docker, [`label=${VERSION_LABEL}`])
  const found = await inspectContainers(host.docker, ids)
  return found.map(parseClaim).filter((claim) => claim !== null)
}

/** Sweeps every stale claim of the host. Never throws for what docker says: what could not be looked for or repaired is told by `host.warn`. */
export async function sweepHost(host: DockerHost): Promise<void> {
  try {
    await sweepAll(host)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    // backups need not wait for it: whoever claims meets what is left, and the next start looks again
    await host.warn(`what dead runs may have left on this host could not be looked for: ${error.message}`)
  }
}

async function sweepAll(host: DockerHost): Promise<void> {
  const claims = await findClaims(host)
  // whoever sweeps these has its time, which is waited for once, not for one after the other
  const begun = claims.filter((claim) => claim.kind !== 'image' && sweepGeneration(claim.container) > 0)
  await Promise.all(begun.map((claim) => sweepClaim(host, claim, 'a sweep of it was begun and not finished')))
  for (const claim of claims) {
    // an image container goes with its helper, or below
    if (claim.kind === 'image' || begun.includes(claim)) continue
    const because = await whyStaleNow(host, claim)
    if (because !== null) await sweepClaim(host, claim, because)
  }
  await sweepImages(host, claims)
  await sweepVolumes(host)
}

/** Removes what this job itself left, whether stale or not: `post`, after the main phase has ended for whatever reason. Returns how many containers were found, and how many are gone. */
export async function sweepJob(host: DockerHost, job: string): Promise<{ found: number; gone: number }> {
  const left = (await findClaims(host)).filter((claim) => claim.owner.job === job)
  let gone = 0
  for (const claim of left.filter((one) => one.kind !== 'image'))
    if (await sweepClaim(host, claim, 'the job ended before it was released')) gone += 1
  for (const claim of left.filter((one) => one.kind === 'image'))
    if (await removeQuietly(host, claim.container)) gone += 1
  return { found: left.length, gone }
}

/** As `whyStale`; one that cannot be asked about now counts as live, and the next start asks again. */
async function whyStaleNow(host: DockerHost, claim: Claim): Promise<string | null> {
  try {
    return await whyStale(host, claim)
  } catch (error) {
    await host.warn(
      `instance ${claim.instance}: whether its run is over could not be learned: ${(error as Error).message}`,
    )
    return null
  }
}

/** Why a claim is stale, asked of everyone who may know; `null` where it is live. */
export async function whyStale(host: DockerHost, claim: Claim): Promise<string | null> {
  const { owner } = claim
  const cheap = {
    engineNow: engineNow(host),
    orphaned: claim.kind === 'helper' && (await isOrphaned(host, claim)),
    ownerGone: claim.kind === 'backup' ? processGone(owner.process, thisProcess(), startTime) : null,
  }
  const stale = staleBecause(claim, { ...cheap, runCompleted: null })
  if (stale !== null || owner.runId === '' || owner.server !== host.owner.server || isSameRun(owner, host.owner))
    return stale
  return staleBecause(claim, {
    ...cheap,
    runCompleted: await host.runCompleted(owner.repository, owner.runId, owner.attempt),
  })
}

function isSameRun(a: Claim['owner'], b: Claim['owner']): boolean {
  return a.repository === b.repository && a.runId === b.runId && a.attempt === b.attempt
}

async function isOrphaned(host: DockerHost, claim: Claim): Promise<boolean> {
  const argv = ['logs', '--tail', '5', claim.container.id]
  const logs = await query(host.docker, argv, { deadlineMs: 20_000 })
  if (isUnanswered(logs))
    throw commandError(host.docker, argv, `the helper of instance ${claim.instance} could not be asked`, logs)
  return logs.stdout.split('\n').includes('orphan')
}

/** Takes a claim over, repairs what its journal lists, and removes it. `false` where another sweeper has it, or something could not be repaired. */
export async function sweepClaim(host: DockerHost, claim: Claim, because: string): Promise<boolean> {
  let mayBeDown = claim.restart.length > 0
  try {
    if (!(await acquireSweep(host, claim.container))) return false
    const what = `instance ${claim.instance}: a run was left behind (${because})`
    // a backup container that cannot be removed must not keep applications down
    const unstopped = await stopBackup(host, claim).catch((error: Error) => error)
    const { failures, started } = await restart(host, claim)
    if (failures.length === 0 && unstopped instanceof Error) throw unstopped
    if (failures.length > 0) {
      // the claim stays: it is the only memory of what is still down, and the next start tries again
      const kept = await releaseSweep(host, claim.container.id)
      for (const failure of failures)
        await host.reportError(
          `${what}; ${failure}. Every run tries again until it is up; to give it up: docker rm -fv ${kept}`,
        )
      return false
    }
    mayBeDown = false
    await removeContainer(host.docker, claim.container.id)
    const hooks = claim.hooks.length === 0 ? '' : `. ${lostHooks(claim.hooks)}`
    const up = started.length === 0 ? '' : `, ${started.join(', ')} started again`
    await host.warn(`${what}: cleaned up${up}${hooks}`)
    return true
  } catch (error) {
    const what = `instance ${claim.instance}: what a dead run left could not be cleaned up: ${(error as Error).message}`
    if (mayBeDown)
      await host.reportError(
        `${what}. ${claim.restart.map((entry) => entry.name).join(', ')} may be down: see docker ps`,
      )
    else await host.warn(what)
    return false
  }
}

/** A hook's text may hold secrets, so that no label has it: nobody but the user can run it. */
function lostHooks(containers: readonly string[]): string {
  const names = containers.join(', ')
  return `The postHook in ${names} may not have run: see whether ${containers.length === 1 ? 'it is' : 'they are'} as the preHook left ${containers.length === 1 ? 'it' : 'them'}, and run it by hand`
}

/**
 * Renaming by id to a name made of that id: of many that try, one wins. `false` where another has it, or it is gone. A rename that nobody
 * answered and that was done may have been ours or another's: whoever has it gets its time, and is followed.
 */
async function acquireSweep(host: DockerHost, container: Container): Promise<boolean> {
  const generation = sweepGeneration(container)
  if (generation > 0 && !isReleasedSweep(container) && !(await waitForOtherSweeper(host, container))) return false
  const argv = ['rename', container.id, sweepName(container.id, generation + 1)]
  for (let attempt = 1; ; attempt += 1) {
    const renamed = await query(host.docker, argv)
    if (renamed.ended.kind === 'exit' && renamed.ended.code === 0) return true
    const now = await inspectContainer(host.docker, container.id)
    if (now === null) return false
    if (now.name !== container.name) return isUnanswered(renamed) ? acquireSweep(host, now) : false
    if (!isUnanswered(renamed) || attempt === RENAMES)
      throw commandError(host.docker, argv, `container ${container.name} could not be taken over`, renamed)
  }
}

/** Says that nobody is at it any more, so that the next sweeper need not wait; where it cannot be said, it waits. Returns the name it has now. */
async function releaseSweep(host: DockerHost, id: string): Promise<string> {
  const now = await inspectContainer(host.docker, id)
  if (now === null) return id.slice(0, 12)
  const name = releasedSweepName(id, sweepGeneration(now))
  const renamed = await query(host.docker, ['rename', id, name])
  return renamed.ended.kind === 'exit' && renamed.ended.code === 0 ? name : now.name
}

/** Watches another's sweep until it is done (`false`), or has had its time (`true`). */
async function waitForOtherSweeper(host: DockerHost, container: Container): Promise<boolean> {
  const until = Date.now() + SWEEPER_PATIENCE_MS
  while (Date.now() < until) {
    await sleep(2_000)
    const now = await inspectContainer(host.docker, container.id)
    if (now === null || now.name !== container.name) return false
  }
  return true
}

/** Ends the backup that still runs under the claim. */
async function stopBackup(host: DockerHost, claim: Claim): Promise<void> {
  if (claim.kind === 'backup') {
    if (claim.container.state !== 'down') await query(host.docker, ['stop', '--time', '10', claim.container.id])
    return
  }
  const image = await inspectContainer(host.docker, imageName(claim.instance))
  const of = image === null ? null : parseClaim(image)
  if (image === null || of?.helper !== claim.container.id) return
  if (image.state !== 'down') await query(host.docker, ['stop', '--time', '10', image.id])
  await removeContainer(host.docker, image.id)
}

/**
 * Starts what the journal lists, in its order, by id, else by name. Every one is tried; the failures come back as sentences, and the
 * names of those that were not running all the time.
 */
async function restart(
  host: DockerHost,
  claim: Claim,
): Promise<{ failures: readonly string[]; started: readonly string[] }> {
  const there: { entry: JournalEntry; before: Container }[] = []
  for (const entry of claim.restart) {
    const before = (await inspectContainer(host.docker, entry.id)) ?? (await inspectContainer(host.docker, entry.name))
    if (before !== null) there.push({ entry, before })
    else {
      await host.reportError(
        `instance ${claim.instance}: application ${entry.name} was stopped for a backup and is gone: it cannot be started again. Recreate it`,
      )
    }
  }
  const entries = there.map(({ entry }) => entry)
  const waves = [...new Set(entries.map((entry) => entry.wave))].sort((a, b) => a - b)
  const failures = await host.startAgain(waves.map((wave) => entries.filter((entry) => entry.wave === wave)))
  const ids = there.map(({ before }) => before.id)
  const now = await inspectContainers(host.docker, ids).catch(() => []) // only a word of the warning hangs on it
  const ranOn = ({ before }: { before: Container }) =>
    now.some(({ id, startedAt }) => id === before.id && startedAt === before.startedAt)
  return { failures, started: there.filter((one) => !ranOn(one)).map(({ entry }) => entry.name) }
}

/** Backup containers whose helper is not there any more. */
async function sweepImages(host: DockerHost, claims: readonly Claim[]): Promise<void> {
  for (const claim of claims) {
    if (claim.kind !== 'image' || claim.helper === null) continue
    if ((await inspectContainer(host.docker, claim.helper)) !== null) continue
    if ((await inspectContainer(host.docker, claim.container.id)) === null) continue
    if (await removeQuietly(host, claim.container))
      await host.warn(`instance ${claim.instance}: backup container ${claim.container.name} was left behind: removed`)
  }
}

async function sweepVolumes(host: DockerHost): Promise<void> {
  const names = await listVolumes(host.docker, [`label=${VERSION_LABEL}`, 'dangling=true'])
  for (const volume of await inspectVolumes(host.docker, names)) {
    const kind = Object.entries(volume.labels).find(([key]) => key.endsWith('.kind'))?.[1]
    if (kind !== 'staging' || engineNow(host) - Date.parse(volume.createdAt) < VOLUME_GRACE_MS) continue
    // in use by now is fine
    await query(host.docker, ['volume', 'rm', volume.name])
  }
}

async function removeQuietly(host: DockerHost, container: Container): Promise<boolean> {
  try {
    await removeContainer(host.docker, container.id)
    return true
  } catch (error) {
    await host.warn((error as Error).message)
    return false
  }
}
