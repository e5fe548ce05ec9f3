/** Restores one instance: resolve, image, claim, run the image, check what came back, bring it into place, release. */

import { hostContents } from '../applications/hostState.ts'
import type { Instance, Target } from '../config/model.ts'
import { layoutOf } from '../container/layout.ts'
import type { ManifestTarget } from '../container/manifest.ts'
import type { ReadyImage } from '../docker/images.ts'
import { EngineLostError, InstanceError } from '../errors.ts'
import { joinSentences } from '../format.ts'
import type { LockRequest } from '../instance/containerSpecs.ts'
import type { InstanceContext } from '../instance/context.ts'
import { findImage } from '../instance/image.ts'
import { beginInstanceRun, explainFailure, type InstanceRun } from '../instance/instanceRun.ts'
import { type AcquiredLock, type LockHelper, lockByBackupContainer, lockByHelper } from '../instance/lock.ts'
import type { InstanceOutcome } from '../instance/reportBuilder.ts'
import type { InstanceLog } from '../log/instanceLog.ts'
import type { RestoredTarget, RestorePoint } from '../outcome.ts'
import { RESTIC_RESTORE } from '../restic/scripts.ts'
import { bringIntoPlace } from './bringIntoPlace.ts'
import { type CheckedBackup, checkRestored } from './checkRestored.ts'
import { findServers } from './placeDatabases.ts'
import { type Placement, placementsOf, type RestoreInto } from './placements.ts'
import { refuseForeign } from './refuseForeign.ts'
import { fetchPoint, listPoints } from './runRestoreImage.ts'
import { type FilePlacement, findServerFile, isByFile } from './serverFiles.ts'

export interface RestoreRequest {
  /** The point to restore: an id, or `latest`. `null`: the points are only listed. */
  readonly point: string | null
  /** Names of the targets; empty: all that the backup holds. */
  readonly targets: readonly string[]
  readonly into: RestoreInto
  readonly keepsOld: boolean
  /** The backup is fetched and checked, and nothing is brought into place. */
  readonly dryRun: boolean
}

export interface RestoreOutcome {
  readonly outcome: InstanceOutcome
  readonly points: readonly RestorePoint[]
  readonly restored: readonly RestoredTarget[]
  /** Time of the backup, from its manifest; `null` if it was not read. */
  readonly backupOf: string | null
}

/** The facts of a restore, as they become known. */
interface Found {
  points: readonly RestorePoint[]
  restored: readonly RestoredTarget[]
  backupOf: string | null
}

/** Restores the instance, or lists its points. Never throws for what can go wrong with it: that is in the outcome. */
export async function restoreInstance(
  context: InstanceContext,
  instance: Instance,
  log: InstanceLog,
  request: RestoreRequest,
): Promise<RestoreOutcome> {
  // its script is that of a restore: what a run says of scripts then names the right one
  const run = beginInstanceRun(context, { ...instance, script: instance.restoreScript }, log, () => new Date())
  const found: Found = { points: [], restored: [], backupOf: null }
  let lock: AcquiredLock | null = null
  let isEngineLost = false
  let staysForNextRun = false
  const onHelperStays = () => {
    staysForNextRun = true
  }
  try {
    const image = await run.report
      .phase('resolve', async () => {
        refusePending(run)
        run.script = await scriptOf(run)
      })
      .then(() => run.report.phase('image', () => findImage(run)))
    const work = restoreLock(run, image)
    const { point } = request
    if (point === null) {
      const held = lockByBackupContainer(work)
      lock = held
      found.points = await run.report.phase('run', () => listPoints(run, held, image))
    } else {
      const held = await run.report.phase('claim', () => lockByHelper(work, [], { restart: [], dumps: [], hooks: [] }))
      lock = held
      const helper = held.helper as LockHelper
      run.abort.also(
        helper.lost,
        'the helper died while it was needed (killed, out of memory, or the engine restarted): restore again',
      )
      await run.report.phase('run', () => fetchPoint(run, held, { image, point }))
      const checked = await run.report.phase('check', () => check(run, helper, request))
      found.backupOf = checked.manifest.timestamp
      if (!request.dryRun)
        found.restored = await run.report.phase('place', () =>
          place(run, work, { helper, checked, request: { ...request, point }, onHelperStays }),
        )
    }
  } catch (error) {
    explainFailure(run, error)
    isEngineLost = error instanceof EngineLostError
  } finally {
    run.abort.disarm()
    if (staysForNextRun) lock?.abandon()
    else if (lock !== null) await releaseLock(run, lock, isEngineLost)
  }
  return { outcome: run.report.end(), ...found }
}

/** Makes the request for the claim under which the image restores. It serves no slot of the backup. */
export function restoreLock(run: InstanceRun, image: ReadyImage): LockRequest {
  const { context, instance, abort, log } = run
  return {
    work: 'restore',
    context,
    instance,
    image,
    start: { at: run.start.at, isScheduled: false },
    signal: abort.signal,
    onClaimed: () => abort.arm(instance.timeoutMs),
    say: (line) => log.write('marina', line),
  }
}

/** Throws `InstanceError` if a value that the restore needs, as the name of the host, is not known because a variable of it has no value. */
export function refusePending({ context, instance }: InstanceRun): void {
  const pending = context.pending(instance)
  if (pending.length > 0) throw new InstanceError(joinSentences(pending))
}

/** Returns what is put at `/restore.sh`; `null` if the image has its own. */
export async function scriptOf({ context, instance }: InstanceRun): Promise<Buffer | null> {
  if (instance.repository !== null) return Buffer.from(RESTIC_RESTORE)
  return instance.script === null ? null : context.readScript(instance.script)
}

async function check(run: InstanceRun, helper: LockHelper, request: RestoreRequest): Promise<CheckedBackup> {
  const { targets } = request
  const checked = await checkRestored(helper, {
    directory: '/backup',
    instance: run.instance.id,
    targets,
    deadlineMs: run.instance.timeoutMs,
    signal: run.abort.signal,
  })
  for (const warning of [...checked.warnings, ...leftOut(checked.targets, request)]) await run.report.warn(warning)
  const names = checked.targets.map(({ name }) => name).join(', ')
  await run.log.write('marina', `the backup of ${checked.manifest.timestamp} came back whole: ${names}`)
  return checked
}

/** Says for each volume that is replaced what `exclude` had left out of its backup: it is not in the volume afterwards. */
function leftOut(targets: readonly ManifestTarget[], { into, keepsOld }: RestoreRequest): readonly string[] {
  if (into === 'new') return []
  return targets.flatMap((target) =>
    target.kind === 'volume' && target.exclude.length > 0
      ? `volume ${target.name}: what exclude left out of the backup (${target.exclude.join(', ')}) is not in the volume after the restore, but ${keepsOld ? 'only in the old data that is kept' : 'gone, since the old data is not kept'}`
      : [],
  )
}

interface ToPlace {
  readonly helper: LockHelper
  readonly checked: CheckedBackup
  readonly request: RestoreRequest & { readonly point: string }
  readonly onHelperStays: () => void
}

async function place(
  run: InstanceRun,
  lock: LockRequest,
  { helper, checked, request, onHelperStays }: ToPlace,
): Promise<readonly RestoredTarget[]> {
  const { docker } = run.context.host
  const { hostVolumes } = await hostContents(docker, [], async () => {}, { signal: run.abort.signal })
  const existing = new Set(hostVolumes.map(({ name }) => name))
  if (request.into === 'place' && request.targets.length === 0) {
    const isNothingThere = checked.targets.every(({ kind, name }) => kind === 'volume' && !existing.has(name))
    const own = await ownTargets(run, isNothingThere)
    const { id, targets } = run.instance
    refuseForeign(checked.targets, { instance: id, own, isDiscovered: targets === null, existing })
  }
  const entries = checked.targets.flatMap((target) => (target.kind === 'db' ? [target] : []))
  const servers = request.into === 'place' ? await findServers(run, entries) : []
  const files: FilePlacement[] = []
  for (const server of servers.filter(isByFile)) files.push(await findServerFile(run, server))
  const placements = placementsOf(checked.targets, {
    into: request.into,
    instance: run.instance.id,
    point: request.point,
    timestamp: checked.manifest.timestamp,
    now: layoutOf('timestamp', new Date()).timestamp,
    existing,
    files,
  })
  await bringIntoPlace(run, {
    lock,
    held: helper,
    placements,
    databases: servers.filter((server) => !isByFile(server)),
    label: `${run.instance.id} ${checked.manifest.timestamp}`,
    keepsOld: request.keepsOld,
    onHelperStays,
  })
  return checked.targets.map((target) => restoredTo(target, placements, request))
}

/** Returns the targets that the instance has today. An empty host has none to find, and none that could be somebody else's. */
async function ownTargets({ context, instance }: InstanceRun, isNothingThere: boolean): Promise<readonly Target[]> {
  if (instance.targets !== null) return instance.targets
  if (isNothingThere) return []
  const found = await context.discover(instance).catch((error: unknown) => {
    if (!(error instanceof InstanceError)) throw error
    throw new InstanceError(`${error.message}. To restore all the same, say in targets what is to be replaced`, {
      cause: error,
    })
  })
  return found.targets
}

/** Says where a target is now, and where its old data is. */
function restoredTo(
  { kind, name, path }: ManifestTarget,
  placements: readonly Placement[],
  { into, keepsOld }: RestoreRequest,
): RestoredTarget {
  const file = placements.find((one) => one.file !== undefined && one.from === path)
  if (file !== undefined) return { kind, name, to: name, kept: keepsOld ? file.undo.before : null }
  const placement = placements.find((one) => (kind === 'volume' ? one.from === path : one.from === ''))
  const { before = '', volume = '' } = placement?.undo ?? {}
  if (kind === 'volume') return { kind, name, to: volume, kept: before === '' || !keepsOld ? null : before }
  return into === 'new'
    ? { kind, name, to: volume, kept: null }
    : { kind, name, to: name, kept: keepsOld ? volume : null }
}

export async function releaseLock(run: InstanceRun, lock: AcquiredLock, isEngineLost: boolean): Promise<void> {
  if (isEngineLost) {
    lock.abandon()
    await run.report.warn(
      'the claim could not be released, since the engine does not answer: the next run will sweep it',
    )
    return
  }
  try {
    await run.report.phase('release', () => lock.release(run.down))
  } catch (error) {
    await run.report.warn(
      `the claim could not be released, the next run will sweep it: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
