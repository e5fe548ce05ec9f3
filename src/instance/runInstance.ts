/** Runs the life of one instance: resolve, image, claim, dump, stage, run, release. */

import { LockHeldError } from '../claim/claim.ts'
import { findUnfinishedRestores, saysHalfRestored } from '../claim/unfinishedRestores.ts'
import type { Instance } from '../config/model.ts'
import { runBackup } from '../container/runBackup.ts'
import type { ReadyImage } from '../docker/images.ts'
import { tellWhile } from '../docker/poll.ts'
import { LONGEST_MOUNT_MS, type MountTrial, refuseMissingFolders, tryMounts } from '../docker/tryMount.ts'
import { asError, CancelledError, EngineLostError, InstanceError } from '../errors.ts'
import { joinSentences } from '../format.ts'
import type { InstanceLog } from '../log/instanceLog.ts'
import type { DbSource, VolumeSource } from '../targets/resolve.ts'
import type { LockRequest } from './containerSpecs.ts'
import type { InstanceContext } from './context.ts'
import { type CopySource, copyVolumes } from './copies.ts'
import { dumpDatabases } from './dumps.ts'
import { findImage, refuseUnknownUser } from './image.ts'
import { beginInstanceRun, explainFailure, failTarget, type InstanceRun } from './instanceRun.ts'
import { type AcquiredLock, lockByBackupContainer, lockByHelper } from './lock.ts'
import { waitForEarlierClaims, waitForOthers } from './otherInstances.ts'
import { prepareContainer } from './prepareContainer.ts'
import { remember, servedMeanwhile } from './remember.ts'
import type { InstanceOutcome } from './reportBuilder.ts'
import { journalOf, leaveOut, type Resolution, resolve } from './resolution.ts'
import { takeResult } from './takeResult.ts'
import { unmountableIn } from './unmountable.ts'
import { findDisks } from './warnOfDisks.ts'

const LOST = 'the helper died while it was needed (killed, out of memory, or the engine restarted): run it again'

/**
 * Runs one instance from the first look at the host to the end of its claim. Never throws for what can go wrong with the instance: that is
 * in the report.
 */
export async function runInstance(
  context: InstanceContext,
  instance: Instance,
  log: InstanceLog,
  now: () => Date,
): Promise<InstanceOutcome> {
  const run = beginInstanceRun(context, instance, log, now)
  const { report, abort } = run
  let lock: AcquiredLock | null = null
  let isEngineLost = false
  try {
    await backUp(run, (held) => {
      lock = held
    })
  } catch (error) {
    if (servesSlot(run, error)) await report.skip(`a run that still goes on serves its slot: ${error.message}`)
    else explainFailure(run, error)
    isEngineLost = error instanceof EngineLostError
  } finally {
    abort.disarm()
    await end(run, lock, isEngineLost)
  }
  return report.end()
}

/** Does what `runInstance` promises up to the end of the backup container. `onLock` is called with the lock as soon as it is acquired. */
async function backUp(run: InstanceRun, onLock: (lock: AcquiredLock) => void): Promise<void> {
  const { report, instance } = run
  const named = await report.phase('resolve', () => resolve(run, waitForOthers(run)))
  if (isNothingLeft(run, named)) return
  const image = await report.phase('image', () => findImage(run))
  const mountable = await withoutUnmountable(run, image, named)
  if (isNothingLeft(run, mountable)) return
  const { held, resolution: mounted } = await acquireLock(run, image, mountable)
  onLock(held)
  if (isNothingLeft(run, mounted)) return
  if (held.helper !== null && (await isServed(run))) return
  const disks = findDisks(run, image, mountedOf(mounted))
  await guardHelper(run, held, { image, resolution: mounted })
  const resolution = await withoutHalfRestored(run, mounted)
  if (isNothingLeft(run, resolution)) return
  await dumpAll(run, held, resolution)
  const container = await report.phase(held.helper ? 'stage' : 'claim', async () => {
    await copyAll(run, held, resolution) // applications are up again when this returns
    return prepareContainer(run, held, image, mountedOf(resolution))
  })
  for (const disk of await disks) await report.warn(disk)
  if (container === null) return
  if (held.helper === null && (await isServed(run))) return
  const reads = mountedOf(resolution).map(({ volume }) => volume.name)
  // a restore of them may have begun since
  await waitForEarlierClaims(run, container, { restart: [], dumps: [], reads })
  if (reads.length > 0) await refuseHalfRestored(run, reads)
  await report.phase('run', () => runImage(run, image, container))

  /** Skips the instance if another run has served its slot before this one had the claim. */
  async function isServed(of: InstanceRun): Promise<boolean> {
    const why = await servedMeanwhile(of, instance.id)
    if (why !== null) await report.skip(why)
    return why !== null
  }
}

/** Tells whether the lock is held by a run that was started for the very slot of this one, or a later one. */
function servesSlot({ context: { reason } }: InstanceRun, error: unknown): error is LockHeldError {
  if (!(error instanceof LockHeldError) || reason.slot === null) return false
  return error.start?.isScheduled === true && error.start.at >= reason.slot
}

async function end(run: InstanceRun, lock: AcquiredLock | null, isEngineLost: boolean): Promise<void> {
  if (isEngineLost) return abandon(run, lock)
  await remember(run, { isHeld: lock !== null })
  if (lock !== null) await release(run, lock)
}

function isNothingLeft(run: InstanceRun, { volumes, databases }: Resolution): boolean {
  return volumes.length + databases.length === 0 && run.failed.length > 0
}

/**
 * Tries the volumes whose mount may hang, before any of them is mounted in a container that is needed. Each that cannot be mounted is
 * recorded as failed. Returns the resolution without these.
 */
async function withoutUnmountable(run: InstanceRun, image: ReadyImage, named: Resolution): Promise<Resolution> {
  const volumes = named.volumes.map((source) => source.volume)
  const say = (line: string) => run.log.write('marina', line)
  const failed = await tellWhile({ what: () => 'waiting for volumes to be mounted', say }, () =>
    tryMounts(mountTrial(run, image), volumes),
  )
  if (failed.size === 0) return named
  return failVolumes(
    run,
    named,
    new Map(
      named.volumes.flatMap((source) => {
        const why = failed.get(source.volume)
        return why === undefined ? [] : [[source, why] as const]
      }),
    ),
  )
}

function mountTrial({ context, instance, abort }: InstanceRun, image: ReadyImage): MountTrial {
  const { docker, owner } = context.host
  const deadlineMs = Math.min(LONGEST_MOUNT_MS, instance.timeoutMs)
  return { docker, image: image.id, job: owner.job, signal: abort.signal, deadlineMs }
}

/** Records that volumes cannot be mounted, and returns the resolution without them. */
async function failVolumes(
  run: InstanceRun,
  resolution: Resolution,
  failed: ReadonlyMap<VolumeSource, string>,
): Promise<Resolution> {
  for (const [source, error] of failed) await failTarget(run, source.target, { error, phase: 'stage' })
  return leaveOut(run, resolution, [...failed.keys()], waitForOthers(run))
}

/**
 * Takes the claim with a helper if anything is copied or dumped, after it has refused folders of `mounts` that are not on the host; else
 * the backup container is the claim, which it takes when it is created.
 */
async function acquireLock(run: InstanceRun, image: ReadyImage, resolution: Resolution): Promise<Held> {
  const { context, instance, abort, report } = run
  const request: LockRequest = {
    work: 'backup',
    context,
    instance,
    image,
    start: run.start,
    signal: abort.signal,
    onClaimed: () => abort.arm(instance.timeoutMs),
    say: (line: string) => run.log.write('marina', line),
  }
  if (!needsHelper(resolution)) return { held: lockByBackupContainer(request), resolution }
  return report.phase('claim', async () => {
    // the backup container mounts them last: nobody is stopped, and nothing is dumped, for one that cannot be created
    const folders = instance.mounts.flatMap(({ type, source }) => (type === 'bind' && source !== null ? [source] : []))
    await refuseMissingFolders(mountTrial(run, image), folders)
    return lockWhatMounts(run, request, resolution)
  })
}

interface Held {
  readonly held: AcquiredLock
  /** The resolution without the volumes that could not be mounted. */
  readonly resolution: Resolution
}

/**
 * Takes the claim with a helper. If a volume cannot be mounted in it, its target is recorded as failed, and the claim is tried again
 * without it. If nothing is left to copy or dump, the backup container is to be the claim.
 */
async function lockWhatMounts(run: InstanceRun, request: LockRequest, named: Resolution): Promise<Held> {
  let resolution = named
  while (needsHelper(resolution)) {
    const copied = copiedOf(resolution).map(({ source }) => source)
    const names = copied.map((source) => source.volume.name)
    try {
      return { held: await lockByHelper(request, names, journalOf(resolution)), resolution }
    } catch (error) {
      const failed = unmountableIn(error, copied)
      if (failed.size === 0) throw error
      resolution = await failVolumes(run, resolution, failed)
    }
  }
  return { held: lockByBackupContainer(request), resolution }
}

function needsHelper(resolution: Resolution): boolean {
  return copiedOf(resolution).length + resolution.databases.length > 0
}

/**
 * Makes the death of the helper end the instance. Before anything is dumped or stopped, it refuses a user that the image does not know
 * (only if applications are to be stopped), and waits for other instances. Does nothing without a helper.
 */
async function guardHelper(
  run: InstanceRun,
  { helper }: AcquiredLock,
  { image, resolution }: { readonly image: ReadyImage; readonly resolution: Resolution },
): Promise<void> {
  if (helper === null) return
  run.abort.also(helper.lost, LOST)
  // nobody is stopped for a run that cannot succeed
  if (resolution.stops.journal.length > 0) await refuseUnknownUser(run, image, helper.id)
  const reads = copiedOf(resolution).map(({ source }) => source.volume.name)
  await waitForEarlierClaims(run, helper.id, { ...journalOf(resolution), reads })
}

/** Throws an `InstanceError` if a restore that was waited for has left one of these volumes half changed. */
async function refuseHalfRestored(run: InstanceRun, volumes: readonly string[]): Promise<void> {
  const restores = await findUnfinishedRestores(run.context.host)
  const half = volumes.flatMap((name) => saysHalfRestored(restores, { kind: 'volume', name }) ?? [])
  if (half.length > 0) throw new InstanceError(joinSentences(half))
}

/** Records as failed what a restore left half changed, and returns the resolution without it: no backup of it would be good. */
async function withoutHalfRestored(run: InstanceRun, resolution: Resolution): Promise<Resolution> {
  if (resolution.volumes.length + resolution.databases.length === 0) return resolution
  const restores = await findUnfinishedRestores(run.context.host)
  if (restores.length === 0) return resolution
  const half = new Map<VolumeSource, string>()
  for (const source of resolution.volumes) {
    const why = saysHalfRestored(restores, { kind: 'volume', name: source.volume.name })
    if (why !== null) half.set(source, why)
  }
  const databases: DbSource[] = []
  for (const source of resolution.databases) {
    const error = saysHalfRestored(restores, { kind: 'db', id: source.container.id, name: source.container.name })
    if (error === null) databases.push(source)
    else await failTarget(run, source.target, { error })
  }
  if (half.size > 0) return { ...(await failVolumes(run, resolution, half)), databases }
  return { ...resolution, databases }
}

async function dumpAll(run: InstanceRun, { helper }: AcquiredLock, { databases }: Resolution): Promise<void> {
  if (helper === null || databases.length === 0) return
  await run.report.phase('dump', () => dumpDatabases(run, helper, databases))
}

async function copyAll(run: InstanceRun, { helper, vanished }: AcquiredLock, resolution: Resolution): Promise<void> {
  if (helper === null) return
  await copyVolumes({ run, helper, stops: resolution.stops, vanished }, copiedOf(resolution))
}

function copiedOf({ volumes }: Resolution): readonly CopySource[] {
  return volumes.flatMap((source) => {
    const { strategy } = source.staging
    return strategy.kind === 'copying' ? [{ source, strategy }] : []
  })
}

function mountedOf({ volumes }: Resolution) {
  return volumes.filter((source) => source.staging.strategy.kind === 'mounting')
}

/** Runs the backup image, and records how it ended and what it told of its backup. */
async function runImage(run: InstanceRun, image: ReadyImage, container: string): Promise<void> {
  const { instance, report, abort, log } = run
  const end = await runBackup({
    work: 'backup',
    docker: run.context.host.docker,
    container,
    image: image.reference,
    memory: instance.resources.memory,
    entrypoint: instance.entrypoint ?? image.entrypoint,
    user: instance.user ?? image.user,
    log,
    signal: abort.signal,
  })
  report.set({ exitCode: end.kind === 'success' ? 0 : end.exitCode })
  for (const warning of end.warnings) await report.warn(warning)
  // how a container ends that was stopped says nothing of why
  if (abort.reason() !== null) return explainFailure(run, new CancelledError())
  if (end.kind === 'failed') report.fail(end.error)
  if (end.kind === 'success' || end.exitCode !== null) await takeResult(run, container)
}

async function release(run: InstanceRun, lock: AcquiredLock): Promise<void> {
  try {
    await run.report.phase('release', () => lock.release(run.down))
  } catch (error) {
    await run.report.warn(`the claim could not be released, the next run will sweep it: ${asError(error).message}`)
  }
}

/** Leaves the claim as it is: an engine that does not answer would keep the job for minutes with each question. */
async function abandon({ report, context }: InstanceRun, lock: AcquiredLock | null): Promise<void> {
  context.onEngineLost()
  if (lock === null) return
  lock.abandon()
  await report.warn('the claim could not be released, since the engine does not answer: the next run will sweep it')
}
