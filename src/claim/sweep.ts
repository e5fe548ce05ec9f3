/**
 * Finds by labels what dead runs left on the host, repairs it and removes it. Every run sweeps the host at its start, and `post` sweeps
 * what its own job left.
 */
import { inspectContainer, type Look, listLooks, removeContainer } from '../docker/containers.ts'
import { type Claim, journalName, sweepGeneration, VERSION_LABEL } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { query } from '../docker/process.ts'
import { inspectVolumes, listVolumes } from '../docker/volumes.ts'
import { sayError } from '../errors.ts'
import { findClaims, whyStale } from './findClaims.ts'
import { type DockerHost, engineNow } from './host.ts'
import { startTime, thisProcess } from './processIdentity.ts'
import { repairClaim } from './repair.ts'
import { processGone } from './stale.ts'

/** Age below which an unused staging volume is left alone, ms: its container may just be being created. */
const VOLUME_GRACE_MS = 600_000

/** Age below which a container that only looks is left alone, ms, if its labels name no deadline. */
const LOOK_GRACE_MS = 600_000
const LOOK_REMOVE_MS = 10_000
/** Largest number of repairs at the same time, without those that another run had begun. Each waits for its applications. */
const REPAIRS_AT_ONCE = 4

/**
 * Sweeps every stale claim of the host, and containers and staging volumes that belong to none. Nothing that goes wrong is thrown: it is
 * reported through `host`.
 */
export async function sweepHost(host: DockerHost): Promise<void> {
  try {
    await sweepAll(host)
  } catch (error) {
    // backups need not wait for it: whoever claims meets what is left, and the next start looks again
    await host.warn(`what dead runs may have left on this host could not be looked for: ${sayError(error)}`)
  }
}

async function sweepAll(host: DockerHost): Promise<void> {
  const claims = await findClaims(host, host.warn)
  const toRepair = inOrder(claims)
  const taken = toRepair.filter((claim) => sweepGeneration(claim.container) > 0)
  // another run may be at these: all are waited for in parallel, so that its two minutes are spent once
  await Promise.all(taken.map((claim) => repairClaim(host, claim, 'a sweep of it was begun and not finished')))
  const others = toRepair.filter((one) => !taken.includes(one))
  await eachApart(others, async (claim) => {
    const because = await whyStaleNow(host, claim)
    if (because !== null) await repairClaim(host, claim, because)
  })
  await sweepImages(host, claims)
  await sweepVolumes(host)
  await sweepLooks(host, null)
}

/**
 * Returns the claims to repair, helpers before journals. Left out: backup containers, which go with their helper or by `sweepImages`, and
 * journals whose origin still exists because their maker died in between (the origin is repaired instead).
 */
function inOrder(claims: readonly Claim[]): readonly Claim[] {
  const ids = claims.map(({ container }) => container.id)
  const isOfAnother = (claim: Claim) => claim.kind === 'journal' && ids.some((id) => journalName(id) === claim.self)
  const own = claims.filter((claim) => claim.kind !== 'image' && !isOfAnother(claim))
  return [...own.filter(({ kind }) => kind !== 'journal'), ...own.filter(({ kind }) => kind === 'journal')]
}

/** Does `work` with each claim, at most `REPAIRS_AT_ONCE` at a time. Claims that share a container or an instance are done one after the other. */
async function eachApart(claims: readonly Claim[], work: (claim: Claim) => Promise<void>): Promise<void> {
  const queue = sharing(claims).values()
  const worker = async () => {
    for (const group of queue) for (const claim of group) await work(claim)
  }
  await Promise.all(Array.from({ length: REPAIRS_AT_ONCE }, worker))
}

/** Splits claims into groups: claims that have to start the same container again, or belong to the same instance, are in one group. */
export function sharing(claims: readonly Claim[]): readonly (readonly Claim[])[] {
  let groups: { readonly claims: readonly Claim[]; readonly keys: ReadonlySet<string> }[] = []
  for (const claim of claims) {
    const restart = 'restart' in claim ? claim.restart : []
    // what its maker created anew has another id and the same name
    const own = [`instance ${claim.instance}`, ...restart.flatMap(({ id, name }) => [`id ${id}`, `name ${name}`])]
    const met = groups.filter(({ keys }) => own.some((key) => keys.has(key)))
    const joined = {
      claims: [...met.flatMap((group) => group.claims), claim],
      keys: new Set([...met.flatMap((group) => [...group.keys]), ...own]),
    }
    groups = [...groups.filter((group) => !met.includes(group)), joined]
  }
  return groups.map((group) => claims.filter((claim) => group.claims.includes(claim)))
}

/**
 * Repairs and removes what this job left, stale or not. Called by `post` after the main phase has ended. Returns how many containers were
 * `found`; for how many of them nothing is left to do (`gone`; not for one in whose place a journal was left); and the names of the
 * applications that they list as to be started again, whether or not they are up by now (`restarts`). Containers that only look at
 * something are removed too, and not counted.
 */
export async function sweepJob(
  host: DockerHost,
  job: string,
): Promise<{ readonly found: number; readonly gone: number; readonly restarts: readonly string[] }> {
  const left = (await findClaims(host, host.warn)).filter((claim) => claim.owner.job === job)
  let gone = 0
  await eachApart(inOrder(left), async (claim) => {
    if (await repairClaim(host, claim, 'the job ended before it was released')) gone += 1
  })
  for (const claim of left.filter((one) => one.kind === 'image'))
    if (await removeQuietly(host, claim.container)) gone += 1
  await sweepLooks(host, job)
  const restarts = left.flatMap((claim) => ('restart' in claim ? claim.restart.map(({ name }) => name) : []))
  return { found: left.length, gone, restarts: [...new Set(restarts)] }
}

/** Does what `whyStale` does, but warns and counts a claim as live if `whyStale` throws. The next run asks again. */
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

/** Removes backup containers whose helper does not exist any more. */
async function sweepImages(host: DockerHost, claims: readonly Claim[]): Promise<void> {
  for (const claim of claims) {
    if (claim.kind !== 'image') continue
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

/**
 * Removes containers that only look: all of `job`, or for `null` those whose process is gone or whose time is over. One that cannot be removed
 * stays for the next run, and nobody is told.
 */
async function sweepLooks(host: DockerHost, job: string | null): Promise<void> {
  const left = (await listLooks(host.docker, job)).filter((look) => job !== null || isLeft(look, engineNow(host)))
  await Promise.all(
    left.map(({ id }) => query(host.docker, ['rm', '--force', '--volumes', id], { deadlineMs: LOOK_REMOVE_MS })),
  )
}

/** Tells whether a container that only looks was left by a dead run. */
function isLeft({ createdAt, deadline, process }: Look, now: number): boolean {
  if (deadline === null) return now - createdAt > LOOK_GRACE_MS
  return now > deadline || processGone(process, thisProcess(), startTime) === true
}
