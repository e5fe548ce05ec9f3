/**
 * Drills one instance: the image restores the newest point into a volume of the helper, never into those of the applications, and dumps are
 * loaded into servers that are thrown away. What came back is compared with what the manifest tells, and with the checks of the configuration.
 */
import { engineNow } from '../claim/host.ts'
import type { Instance, WantedScript } from '../config/model.ts'
import type { ManifestTarget } from '../container/manifest.ts'
import { shownReason } from '../copy/readable.ts'
import { inspectContainer } from '../docker/containers.ts'
import type { ReadyImage } from '../docker/images.ts'
import { imageClaimName } from '../docker/labels.ts'
import type { DrillCheck, DrilledInstance, DrillHash, DrillImage, DrillRows } from '../drillReport.ts'
import {
  CancelledError,
  CommandError,
  DamagedBackupError,
  EngineLostError,
  InstanceError,
  sayError,
} from '../errors.ts'
import { bytes, count } from '../format.ts'
import type { InstanceContext } from '../instance/context.ts'
import { findImage } from '../instance/image.ts'
import { beginInstanceRun, explainFailure, type InstanceRun } from '../instance/instanceRun.ts'
import { type AcquiredLock, type LockHelper, lockByHelper } from '../instance/lock.ts'
import { targetName } from '../instance/reportBuilder.ts'
import type { InstanceLog } from '../log/instanceLog.ts'
import type { PastDrill, PastRun, RestorePoint } from '../outcome.ts'
import { type CheckedBackup, checkTarget, openRestored, type RestoredSize } from '../restore/checkRestored.ts'
import { isWholePoint } from '../restore/points.ts'
import { refusePending, releaseLock, restoreLock, scriptOf } from '../restore/restoreInstance.ts'
import { askPoints, fetchPoint } from '../restore/runRestoreImage.ts'
import { checkWanted } from './checkFiles.ts'
import {
  judgeAge,
  judgeDrill,
  judgeDuration,
  judgeNoPoint,
  judgePoint,
  judgeTargets,
  timeOfBackup,
} from './judgeDrill.ts'
import { fullDisk } from './loadTrouble.ts'
import { proveDatabase } from './proveDatabase.ts'
import { rememberDrill, rememberedRuns } from './rememberDrill.ts'
import { type RestoreClock, restoreClock } from './restoreClock.ts'
import { runCheck, type ScriptSurroundings } from './runCheck.ts'

/** The part of a drill's report that the drill makes. */
export type DrillOutcome = Omit<DrilledInstance, 'log' | 'stderr'>

/** Folder of the restored tree in the helper. */
const RESTORED = '/backup'

/** The facts of a drill, as they become known. */
interface Found {
  readonly checks: DrillCheck[]
  readonly surroundings: string[]
  readonly images: DrillImage[]
  readonly hashes: DrillHash[]
  readonly rows: DrillRows[]
  nothing: string | null
  points: readonly RestorePoint[]
  backupOf: number | null
  readonly clock: RestoreClock
  /** True if everything was restored and loaded. */
  isRestored: boolean
  /** True if another try may end otherwise. */
  isWorthRetry: boolean
}

/** Drills the instance, a second time if the first was inconclusive. Never throws for what can go wrong with it: that is in the outcome. */
export async function drillInstance(
  context: InstanceContext,
  instance: Instance,
  log: InstanceLog,
): Promise<DrillOutcome> {
  const first = await tryOnce(context, instance, log, false)
  if (first.stands) return first.outcome
  await log.write('marina', `inconclusive: ${first.outcome.error}. It is tried once more`)
  const { outcome } = await tryOnce(context, instance, log, true)
  return { ...outcome, tries: 2 }
}

/** Makes one try. Its outcome `stands`, and is in the record of the host, unless it is inconclusive and another try is left. */
async function tryOnce(
  context: InstanceContext,
  instance: Instance,
  log: InstanceLog,
  isLast: boolean,
): Promise<{ readonly outcome: DrillOutcome; readonly stands: boolean }> {
  // its script is that of a restore: what a run says of scripts then names the right one
  const run = beginInstanceRun(context, { ...instance, script: instance.restoreScript }, log, () => new Date())
  const found: Found = {
    checks: [],
    surroundings: [],
    images: [],
    hashes: [],
    rows: [],
    nothing: null,
    points: [],
    backupOf: null,
    clock: restoreClock(),
    isRestored: false,
    isWorthRetry: true,
  }
  let lock: AcquiredLock | null = null
  let isEngineLost = false
  try {
    const image = await prepare(run, found)
    const held = await run.report.phase('claim', () => lockByHelper(restoreLock(run, image), [], NO_JOURNAL))
    lock = held
    const helper = held.helper as LockHelper
    run.abort.also(helper.lost, 'the helper died while it was needed (killed, out of memory, or the engine restarted)')
    await drill(run, found, { lock: held, helper, image })
  } catch (error) {
    isEngineLost = error instanceof EngineLostError
    note(run, found, error)
  }
  run.abort.disarm()
  const { verdict } = judgeDrill(found)
  const stands = verdict !== 'inconclusive' || isLast || !found.isWorthRetry || context.signal.aborted
  const history = stands && !isEngineLost ? await rememberDrill(run, pastDrill(run, found), lock !== null) : []
  if (lock !== null) await releaseLock(run, lock, isEngineLost)
  return { outcome: { ...outcomeOf(run, found), history }, stands }
}

const NO_JOURNAL = { restart: [], dumps: [], hooks: [] }

/** Reads the script and finds the image. */
async function prepare(run: InstanceRun, found: Found): Promise<ReadyImage> {
  await run.report.phase('resolve', async () => {
    refusePending(run)
    try {
      run.script = await scriptOf(run)
    } catch (error) {
      // no later drill will find it: the backup cannot be restored
      throw error instanceof InstanceError ? new DamagedBackupError(error.message, { cause: error }) : error
    }
  })
  const image = await run.report.phase('image', () => findImage(run))
  const { reference, id, digest } = image
  found.images.push({ use: 'backup', name: run.instance.id, reference, id, digest })
  return image
}

interface Held {
  readonly lock: AcquiredLock
  readonly helper: LockHelper
  readonly image: ReadyImage
}

async function drill(run: InstanceRun, found: Found, held: Held): Promise<void> {
  const runs = await rememberedRuns(run)
  const isEmpty = await run.report.phase('list', () => list(run, found, held))
  if (isEmpty) {
    const lost = judgeNoPoint(runs)
    if (lost === null)
      found.nothing = 'nothing was backed up yet: the image lists no point, and this host remembers no good backup'
    else found.checks.push(lost)
    return
  }
  await run.report.phase('run', () => fetch(run, found, held))
  const { opened, sizes } = await run.report.phase('check', () => check(run, found, { held, runs }))
  await proveDatabases(run, found, { helper: held.helper, opened, sizes })
  if (found.isRestored) push(found, judgeDuration(run.instance.drill, found.clock.spentMs(), true))
  await checkAllWanted(run, found, { helper: held.helper, opened, sizes, image: held.image })
}

/** Lists the points. Returns true if the image says that there is none. An image that cannot list is no failure: the manifest tells the time. */
async function list(run: InstanceRun, found: Found, { lock, helper, image }: Held): Promise<boolean> {
  let isSilent = false
  try {
    const { points, unread } = await askPoints(run, lock, image)
    found.points = points
    isSilent = points.length === 0 && unread === 0
  } catch (error) {
    if (run.abort.reason() !== null || !(error instanceof InstanceError) || error instanceof EngineLostError)
      throw error
    await run.report.warn(`the image could not list its points: ${error.message}`)
  }
  // an image that does not know how to list may have restored something
  const wiped = await helper.exec({
    script: 'n=$(ls -A "$1" | head -n 1); find "$1" -mindepth 1 -maxdepth 1 -exec rm -rf -- {} + && echo "had$n"',
    args: [RESTORED],
    deadlineMs: run.instance.timeoutMs,
    signal: run.abort.signal,
  })
  if (wiped.ended.kind === 'cancelled') throw new CancelledError()
  if (wiped.code !== 0)
    throw new InstanceError(`the volume to restore into could not be emptied: ${shownReason(wiped)}`)
  return isSilent && wiped.stdout.trim() === 'had'
}

/** Lets the image restore the newest point. Throws `DamagedBackupError` if it fails for no reason that lies in the surroundings. */
async function fetch(run: InstanceRun, found: Found, { lock, helper, image }: Held): Promise<void> {
  try {
    await found.clock.during(() => fetchPoint(run, lock, { image, point: 'latest' }))
  } catch (error) {
    if (run.abort.reason() !== null || !(error instanceof InstanceError) || error instanceof EngineLostError)
      throw error
    const why = await surroundingsOf(run, helper)
    if (why !== null) throw new InstanceError(`${error.message}; ${why}`, { cause: error })
    throw new DamagedBackupError(`the image did not restore the newest point: ${error.message}`, { cause: error })
  }
}

/** Exit code of a restore script that could not reach its store: EX_TEMPFAIL of sysexits(3). */
const TRY_LATER = 75

/** Says which lack of the host may have made the restore fail; `null` if there is none. */
async function surroundingsOf(run: InstanceRun, helper: LockHelper): Promise<string | null> {
  const { docker } = run.context.host
  const container = await inspectContainer(docker, imageClaimName(run.instance.id)).catch(() => null)
  if (container?.oomKilled) return 'memory ran out, which says nothing about the backup'
  if (container?.exitCode === 137) return 'it was killed, which says nothing about the backup'
  if (container?.exitCode === TRY_LATER)
    return `exit code ${TRY_LATER} means that its store could not be reached, which says nothing about the backup`
  return fullDisk(helper, RESTORED, run.abort.signal)
}

async function check(
  run: InstanceRun,
  found: Found,
  { held, runs }: { readonly held: Held; readonly runs: readonly PastRun[] },
): Promise<Omit<CameBack, 'helper'>> {
  const { instance, abort } = run
  const options = {
    directory: RESTORED,
    instance: instance.id,
    targets: [],
    deadlineMs: instance.timeoutMs,
    signal: abort.signal,
  }
  const opened = await openRestored(held.helper, options)
  const { manifest } = opened
  found.backupOf = timeOfBackup(manifest.timestamp)
  found.hashes.push({ target: '', path: 'manifest.json', sha256: opened.sha256 })
  found.checks.push(
    judgePoint({ manifest, points: found.points, runs, now: engineNow(run.context.host) }),
    ...judgeTargets(
      manifest,
      (instance.targets ?? []).map((target) => ({ kind: target.kind, name: targetName(target) })),
    ),
  )
  if (found.backupOf !== null) push(found, judgeAge(instance.drill, run.start.at - found.backupOf))
  const sizes = new Map<ManifestTarget, RestoredSize>()
  for (const target of opened.targets) {
    const compared = await compare(held.helper, target, options)
    found.checks.push(compared.check)
    if (compared.size === null) continue
    sizes.set(target, compared.size)
    found.hashes.push(...comparedHashes(target))
  }
  return { opened, sizes }
}

/** The backup that came back, and the helper in which it lies. */
interface CameBack {
  readonly helper: LockHelper
  readonly opened: CheckedBackup
  /** The targets that came back as they must be, with what they hold. */
  readonly sizes: ReadonlyMap<ManifestTarget, RestoredSize>
}

/** Loads the dumps that came back as they must be, one server at a time. */
async function proveDatabases(run: InstanceRun, found: Found, { helper, opened, sizes }: CameBack): Promise<void> {
  const { clock } = found
  let isRestored = true
  for (const entry of opened.targets) {
    if (entry.kind !== 'db' || !sizes.has(entry)) continue
    const proved = await proveDatabase(run, helper, { entry, restored: RESTORED, clock })
    found.checks.push(...proved.checks)
    found.rows.push(...proved.rows)
    found.surroundings.push(...proved.surroundings)
    if (proved.image !== null) found.images.push(proved.image)
    isRestored &&= proved.isLoaded
  }
  found.isRestored = isRestored
}

function push(found: Found, check: DrillCheck | null): void {
  if (check !== null) found.checks.push(check)
}

/** Compares a target with the manifest. */
async function compare(
  helper: LockHelper,
  target: ManifestTarget,
  options: Parameters<typeof checkTarget>[2],
): Promise<{ readonly check: DrillCheck; readonly size: RestoredSize | null }> {
  const kind = target.kind === 'volume' ? 'tree' : 'dump'
  try {
    const size = await checkTarget(helper, target, options)
    const isCounted = target.kind === 'volume' && target.files !== null && !target.live && target.files > 0
    return { check: { kind, target: target.name, passed: true, looked: isCounted, seen: seenOf(target, size) }, size }
  } catch (error) {
    if (!(error instanceof DamagedBackupError)) throw error
    return { check: { kind, target: target.name, passed: false, looked: true, seen: error.message }, size: null }
  }
}

/** Returns the hashes of what came back as its manifest tells. */
function comparedHashes(target: ManifestTarget): readonly DrillHash[] {
  const files = target.kind === 'db' ? target.files : target.listing === null ? [] : [target.listing]
  return files.map(({ path, sha256 }) => ({ target: target.name, path, sha256 }))
}

function seenOf(target: ManifestTarget, { files, bytes: size }: RestoredSize): string {
  const much = `${count(files, 'file')}, ${bytes(size)}`
  if (target.kind === 'db') return `the dumps of ${target.name} came back byte by byte (${much})`
  const isCompared = target.files !== null && !target.live
  return isCompared
    ? `volume ${target.name} came back with as much as it held (${much})`
    : `volume ${target.name} came back (${much}); the manifest tells not how much it held, since it was read in place`
}

async function checkAllWanted(
  run: InstanceRun,
  found: Found,
  { helper, opened, sizes, image }: CameBack & { readonly image: ReadyImage },
): Promise<void> {
  const { instance, abort } = run
  for (const wanted of instance.drill?.checks ?? []) {
    if (wanted.kind === 'run') {
      await runScript(run, found, { wanted, surroundings: { helper: helper.id, image, opened } })
      continue
    }
    if (wanted.kind === 'sql') {
      const isHeld = opened.targets.some(
        (target) => target.kind === 'db' && target.name === wanted.db && sizes.has(target),
      )
      const seen = `database ${wanted.db} did not come back whole, so that it could not be asked (line ${wanted.line})`
      if (!isHeld) found.checks.push({ kind: 'sql', target: wanted.db, passed: false, looked: false, seen })
      continue
    }
    const target = opened.targets.find(({ kind, name }) => kind === 'volume' && name === wanted.volume)
    found.checks.push(
      await checkWanted(helper, wanted, {
        root: target === undefined ? null : `${RESTORED}/${target.path}`,
        size: target === undefined ? null : (sizes.get(target) ?? null),
        madeAt: found.backupOf ?? run.start.at,
        drilledAt: run.start.at,
        deadlineMs: instance.timeoutMs,
        signal: abort.signal,
      }),
    )
  }
}

/** Runs a check that is a script. What keeps it from an answer is noted, and the other checks go on. */
async function runScript(
  run: InstanceRun,
  found: Found,
  { wanted, surroundings }: { readonly wanted: WantedScript; readonly surroundings: ScriptSurroundings },
): Promise<void> {
  try {
    const { check: one, image } = await runCheck(run, wanted, surroundings)
    found.checks.push(one)
    found.images.push(image)
  } catch (error) {
    const isOwn = error instanceof InstanceError || error instanceof CommandError
    if (run.abort.reason() !== null || error instanceof EngineLostError || !isOwn) throw error
    found.surroundings.push(`the check ${wanted.run} could not be made: ${error.message}`)
  }
}

/** Records why a drill did not come to its end: the backup is to blame, or its surroundings. */
function note(run: InstanceRun, found: Found, error: unknown): void {
  const reason = run.abort.reason()
  if (reason === null && error instanceof DamagedBackupError) {
    found.checks.push({ kind: 'backup', target: '', passed: false, looked: false, seen: error.message })
    return
  }
  explainFailure(run, error)
  found.surroundings.push(run.report.end().error ?? sayError(error))
  // what was ended by its deadline would be ended by it again
  found.isWorthRetry = reason === null || run.abort.until > Date.now()
  if (!found.isRestored) push(found, judgeDuration(run.instance.drill, found.clock.spentMs(), false))
}

function outcomeOf(run: InstanceRun, found: Found): DrillOutcome {
  const { instance } = run
  const { verdict, error } = judgeDrill(found)
  const { warnings, phases, startedAt, seconds } = run.report.end()
  const met = (kind: DrillCheck['kind']) => found.checks.find((one) => one.kind === kind)?.passed ?? null
  return {
    id: instance.id,
    line: instance.line,
    verdict,
    error,
    warnings,
    point: found.points.findLast(isWholePoint) ?? null,
    backupOf: found.backupOf === null ? null : new Date(found.backupOf).toISOString(),
    ageSeconds: found.backupOf === null ? null : Math.max(0, Math.round((run.start.at - found.backupOf) / 1000)),
    maxAgeSeconds: inSeconds(instance.drill?.maxAgeMs),
    rpoMet: met('age'),
    restoreSeconds: inSeconds(found.isRestored ? found.clock.spentMs() : null),
    maxDurationSeconds: inSeconds(instance.drill?.maxDurationMs),
    rtoMet: met('duration'),
    checks: found.checks,
    images: found.images,
    hashes: found.hashes,
    rows: found.rows,
    controls: instance.drill?.controls ?? [],
    tries: 1,
    phases,
    startedAt,
    seconds,
    history: [],
  }
}

function inSeconds(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : ms / 1000
}

function pastDrill(run: InstanceRun, found: Found): PastDrill {
  const { reason, host } = run.context
  const { verdict, ageSeconds, restoreSeconds } = outcomeOf(run, found)
  return {
    startedAt: new Date(run.start.at).toISOString(),
    verdict,
    isScheduled: reason.isScheduled,
    ageSeconds,
    restoreSeconds,
    runId: host.owner.runId,
    attempt: host.owner.attempt,
  }
}
