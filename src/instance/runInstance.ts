/** The life of one instance: resolve, image, claim, dump, stage, run, release. */

import { hookContainer } from '../applications/hooks.ts'
import { type Meeting, waitForOlder, waitForStopped } from '../claim/journals.ts'
import type { Instance, Target } from '../config/model.ts'
import { ownerOf } from '../container/create.ts'
import { layoutOf } from '../container/layout.ts'
import { runBackup } from '../container/runBackup.ts'
import { inspectContainer } from '../docker/containers.ts'
import { dropsItsCommand, ensureImage, type ReadyImage } from '../docker/images.ts'
import { refuseOtherNetwork } from '../docker/networks.ts'
import { inspectVolumes } from '../docker/volumes.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import type { InstanceLog } from '../log/instanceLog.ts'
import type { InstanceReport } from '../outcome.ts'
import { type DbSource, type Resolved, resolveTargets, type VolumeSource } from '../targets/resolve.ts'
import type { InstanceContext } from './context.ts'
import { type CopySurroundings, copyVolumes } from './copies.ts'
import { openStop, type Stop } from './deadline.ts'
import { dumpDatabases } from './dumps.ts'
import { failTarget, type InstanceRun, isExpected } from './instanceRun.ts'
import { type AcquiredLock, type Journal, type LockRequest, lockByBackupContainer, lockByHelper } from './lock.ts'
import { type InstanceStops, planInstanceStops } from './planStops.ts'
import { prepareContainer } from './prepareContainer.ts'
import { buildReport, type ReportBuilder, targetName } from './reportBuilder.ts'

type Ended = Omit<InstanceReport, 'log' | 'tail' | 'nextRun'>

const LOST = 'the helper died while it was needed (killed, out of memory, or the engine restarted): run it again'

/** Runs one instance from its first look at the host to the end of its claim. Never throws for what can go wrong with it: that is in the report. */
export async function runInstance(
  context: InstanceContext,
  instance: Instance,
  log: InstanceLog,
  now: () => Date,
): Promise<Ended> {
  const run = beginLife(context, instance, log, now)
  const { report, stop } = run
  let lock: AcquiredLock | null = null
  try {
    const { sources, quiet } = await report.phase('resolve', () => resolve(run))
    if (sources.length === 0 && run.failed.length > 0) return report.end()
    const image = await report.phase('image', () => findImage(run))
    const held = await acquireLock(
      { context, instance, image, signal: stop.signal, onClaimed: () => stop.arm(instance.timeoutMs) },
      report,
      { sources, quiet },
    )
    lock = held
    const { helper } = held
    if (helper) {
      stop.also(helper.container.lost, LOST)
      // nobody is stopped for a run that cannot succeed
      if (quiet.journal.length > 0) await refuseUnknownUser(run, image, helper.container.id)
      await waitForOthers(run, helper.container.id, { sources, quiet })
      await dumpAll(run, helper, sources)
    }
    const container = await report.phase(helper ? 'stage' : 'claim', async () => {
      if (helper) await copyAll(run, helper, sources, { quiet, vanished: held.vanished })
      return prepareContainer(
        run,
        held,
        image,
        volumesOf(sources).filter((source) => source.staging.kind === 'mount'),
      )
    })
    if (container !== null) await report.phase('run', () => runImage(run, image, container))
  } catch (error) {
    explain(error, report, stop)
  } finally {
    stop.disarm()
    const last = lock
    if (last)
      await report
        .phase('release', () => last.release(run.applicationsDown))
        .catch((error: Error) =>
          report.warn(`the claim could not be released, the next run will sweep it: ${error.message}`),
        )
  }
  return report.end()
}

type Source = VolumeSource | DbSource

const volumesOf = (sources: readonly Source[]) => sources.filter((source) => source.kind === 'volume')
const copiedOf = (sources: readonly Source[]) => volumesOf(sources).filter((source) => source.staging.kind !== 'mount')
const databasesOf = (sources: readonly Source[]) => sources.filter((source) => source.kind === 'db')

/** A helper where anything is copied or dumped; else the claim is the backup container, and is taken with it. */
async function acquireLock(
  request: LockRequest,
  record: ReportBuilder,
  { sources, quiet }: Resolution,
): Promise<AcquiredLock> {
  const copied = copiedOf(sources).map((source) => source.volume.name)
  if (copied.length === 0 && databasesOf(sources).length === 0) return lockByBackupContainer(request)
  return record.phase('claim', () => lockByHelper(request, copied, journalOf({ sources, quiet })))
}

type Opened = NonNullable<AcquiredLock['helper']>

async function dumpAll(run: InstanceRun, { container, tools }: Opened, sources: readonly Source[]): Promise<void> {
  const databases = databasesOf(sources)
  if (databases.length > 0)
    await run.report.phase('dump', () => dumpDatabases(run, { exec: container.exec, tools }, databases))
}

function copyAll(
  run: InstanceRun,
  helper: Opened,
  sources: readonly Source[],
  around: CopySurroundings,
): Promise<void> {
  return copyVolumes(run, { exec: helper.container.exec, tools: helper.tools }, copiedOf(sources), around)
}

function journalOf({ sources, quiet }: Resolution): Journal {
  const placeOf = (source: Source) =>
    source.kind === 'db' ? source.container : hookContainer(source.volume.name, quiet.containers, quiet.self)
  const hooked = sources.filter((source) => source.target.postHook !== null)
  return {
    restart: quiet.journal,
    dumps: databasesOf(sources).map((source) => source.container.id),
    hooks: [...new Set(hooked.flatMap((source) => placeOf(source)?.name ?? []))],
  }
}

/** Waits for another instance that claimed before, and stops what this one needs, or needs what this one stops. */
async function waitForOthers(run: InstanceRun, helper: string, resolution: Resolution): Promise<void> {
  const { restart, dumps } = journalOf(resolution)
  const stops = restart.map((one) => one.id)
  await waitForOlder({ ...meeting(run), stops, dumps }, helper)
}

function meeting({ context, instance, stop, log }: InstanceRun): Omit<Meeting, 'stops' | 'dumps'> {
  return {
    host: context.host,
    waitMs: instance.timeoutMs,
    signal: stop.signal,
    say: (line) => log.write('marina', line),
  }
}

function beginLife(context: InstanceContext, instance: Instance, log: InstanceLog, now: () => Date): InstanceRun {
  return {
    context,
    instance,
    log,
    report: buildReport(instance, log, now),
    stop: openStop(context.signal),
    layout: layoutOf(instance.layout, now()),
    script: null,
    staged: [],
    applicationsDown: false,
    failed: [],
  }
}

/** A dry run: what would be staged and how, without touching anything. */
export async function previewInstance(
  context: InstanceContext,
  instance: Instance,
  log: InstanceLog,
  now: () => Date,
): Promise<Ended> {
  const run = beginLife(context, instance, log, now)
  const { report, stop } = run
  try {
    const { sources, quiet } = await report.phase('resolve', () => resolve(run))
    for (const source of sources) {
      await log.write('marina', `${source.kind} ${targetName(source.target)} would be ${howStaged(source)}`)
      report.target(source.target, { status: 'staged' })
    }
    if (quiet.journal.length > 0)
      await log.write(
        'marina',
        `${quiet.journal
          .map((one) => one.name)
          .reverse()
          .join(', ')} would be stopped and started again`,
      )
    await log.write('marina', `image ${instance.customImage} would run with ${run.layout.directory}`)
  } catch (error) {
    explain(error, report, stop)
  }
  const ended = report.end()
  return ended.status === 'success' ? { ...ended, status: 'skipped' } : ended
}

function howStaged(source: Source): string {
  if (source.kind === 'db') return 'dumped'
  if (source.staging.kind === 'mount') return 'mounted in place'
  return source.staging.kind === 'copy' ? `copied, because ${source.staging.why}` : 'copied in two passes around a stop'
}

interface Resolution {
  readonly sources: readonly Source[]
  readonly quiet: InstanceStops
}

/** Which targets there are, and how each will be staged. What is missing is a failed target, not a failed instance. */
async function resolve(run: InstanceRun): Promise<Resolution> {
  const { context, instance, report } = run
  const pending = context.pending(instance)
  if (pending.length > 0) throw new InstanceError(pending.join('; '))
  if (instance.script !== null) run.script = await context.readScript(instance.script)
  const targets = instance.targets ?? (await context.discover(instance.id))
  if (targets.length === 0 && instance.targets === null) {
    throw new InstanceError(
      `no volume or container on this host is labelled for instance ${instance.id}: label it (dev.polarfox.marina.enabled=true, dev.polarfox.marina.instanceID=${instance.id}), list targets, or write "targets: []" if an empty /backup is meant`,
    )
  }
  for (const target of targets) report.target(target, {})
  const sources: Source[] = []
  for (const one of await resolveRunning(run, targets)) {
    if (one.kind === 'unresolved') await failTarget(run, one.target, one.error)
    else sources.push(one)
  }
  const quiet = await planInstanceStops(run, volumesOf(sources))
  return {
    quiet: quiet.quiet,
    sources: sources.filter((source) => source.kind === 'db' || quiet.sources.includes(source)),
  }
}

/** A database that another instance has stopped is not down for good: it is waited for, and looked at again. */
async function resolveRunning(run: InstanceRun, targets: readonly Target[]): Promise<readonly Resolved[]> {
  const { docker, engine } = run.context.host
  const { hostName } = run.context
  const look = () => resolveTargets({ docker, engine, hostName }, targets, { signal: run.stop.signal })
  const found = await look()
  const down = found.flatMap((one) => (one.kind === 'unresolved' && one.downId !== null ? [one.downId] : []))
  if (down.length === 0) return found
  await waitForStopped({ ...meeting(run), stops: down, dumps: [] })
  return look()
}

async function findImage(run: InstanceRun): Promise<ReadyImage> {
  const { context, instance, report, stop } = run
  const { docker } = context.host
  if (instance.customImage === null) throw new InstanceError(`instance ${instance.id} names no customImage`)
  const image = await ensureImage(docker, instance.customImage, instance.pull, {
    signal: stop.signal,
    pullDeadlineMs: instance.timeoutMs,
  })
  report.set({ image: { reference: image.reference, id: image.id, digest: image.digest } })
  for (const warning of image.warnings) await report.warn(warning)
  if (instance.entrypoint === null && dropsItsCommand(image.entrypoint)) {
    throw new InstanceError(
      `image ${image.reference} has a shell-form ENTRYPOINT, which drops /backup.sh and so would back up nothing: write it as ENTRYPOINT ["…"], or set entrypoint`,
    )
  }
  await refuseMissingMounts(run)
  if (instance.network !== null) await refuseOtherNetwork(docker, instance.network, { signal: stop.signal })
  return image
}

/** Looks the image's user up in the helper, where that is of the same image; else it is looked up in the backup container alone. */
async function refuseUnknownUser(
  { context, instance, stop }: InstanceRun,
  image: ReadyImage,
  helper: string,
): Promise<void> {
  const { docker } = context.host
  if ((await inspectContainer(docker, helper))?.imageId === image.id)
    await ownerOf({ docker, instance, image, signal: stop.signal }, helper)
}

/** A volume among `mounts` that is not there would be created by the engine, and the backup would go into the void. */
async function refuseMissingMounts(run: InstanceRun): Promise<void> {
  const names = run.instance.mounts.flatMap((mount) => (mount.type === 'volume' && mount.source ? [mount.source] : []))
  const found = await inspectVolumes(run.context.host.docker, names)
  const missing = names.filter((name) => !found.some((volume) => volume.name === name))
  if (missing.length > 0)
    throw new InstanceError(
      `volume ${missing.join(', ')}, named in mounts, does not exist on host ${run.context.hostName}: create it (docker volume create)`,
    )
}

async function runImage(run: InstanceRun, image: ReadyImage, container: string): Promise<void> {
  const { instance, report, stop, log } = run
  const { docker } = run.context.host
  const end = await runBackup({
    docker,
    container,
    image: image.reference,
    memory: instance.resources.memory,
    hasEntrypoint: (instance.entrypoint ?? image.entrypoint).length > 0,
    log,
    signal: stop.signal,
  })
  report.set({ exitCode: end.exitCode })
  if (end.logIsCut) await report.warn('lines may be missing from its log: the docker client that read it died')
  if (stop.reason()) throw new CancelledError()
  if (end.failure !== null) throw new InstanceError(end.failure)
  if (end.withoutScript)
    await report.warn(
      `image ${image.reference} has no /backup.sh: its ENTRYPOINT ended well without one. See that it backs anything up`,
    )
}

/** Turns what was thrown into the instance's reason. What fired the stop explains more than the step that it broke. */
function explain(error: unknown, record: ReportBuilder, stop: Stop): void {
  const reason = stop.reason()
  if (reason?.kind === 'failed') record.fail(reason.sentence)
  else if (reason?.kind === 'cancelled') record.cancel()
  else if (isExpected(error)) record.fail((error as Error).message)
  else
    record.fail(
      `a bug in Marina, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
}
