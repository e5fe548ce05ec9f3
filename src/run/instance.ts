/** The life of one instance: resolve, image, claim, dump, stage, run, release. */
import type { Instance, Target } from '../config/instance.ts'
import { dropsItsCommand, ensureImage, type Image } from '../docker/images.ts'
import { inspectVolumes } from '../docker/volumes.ts'
import { CancelledError, CommandError, DockerUnavailableError, InstanceError } from '../errors.ts'
import type { InstanceReport } from '../outcome.ts'
import { copyVolume } from '../stage/copy.ts'
import { type Layout, layoutOf, volumeDirectory } from '../stage/layout.ts'
import { type ManifestTarget, manifest } from '../stage/manifest.ts'
import { resolveTargets, type VolumeSource } from '../stage/targets.ts'
import { runBackup } from './backup.ts'
import { readyContainer, type TargetFailure } from './container.ts'
import type { InstanceLog, RunContext } from './context.ts'
import { openStop, type Stop } from './deadline.ts'
import { backupEnvironment } from './environment.ts'
import { type Hold, holdByBackup, holdByWorkbench, sourcePath } from './hold.ts'
import { openRecord, type Record, targetName } from './record.ts'

/** All that the phases of one instance share. */
interface Life {
  readonly context: RunContext
  readonly instance: Instance
  readonly log: InstanceLog
  readonly record: Record
  readonly stop: Stop
  readonly layout: Layout
  /** What was staged by copy or dump so far, for the manifest. */
  readonly staged: ManifestTarget[]
  readonly failed: { readonly target: Target; readonly error: string }[]
}

type Ended = Omit<InstanceReport, 'log' | 'tail' | 'nextRun'>

/** Runs one instance from its first look at the host to the end of its claim. Never throws for what can go wrong with it: that is in the report. */
export async function runInstance(
  context: RunContext,
  instance: Instance,
  log: InstanceLog,
  now: () => Date,
): Promise<Ended> {
  const record = openRecord(instance, log, now)
  const stop = openStop(context.signal)
  const life: Life = {
    context,
    instance,
    log,
    record,
    stop,
    layout: layoutOf(instance.layout, now()),
    staged: [],
    failed: [],
  }
  let hold: Hold | null = null
  try {
    const sources = await record.phase('resolve', () => resolve(life))
    const image = await record.phase('image', () => findImage(life))
    if (isHopeless(life, sources)) return record.end()
    stop.arm(instance.timeoutMs)
    const request = { context, instance, image, signal: stop.signal }
    const copied = sources.filter((source) => source.staging.kind !== 'mount')
    if (copied.length === 0) hold = holdByBackup(request)
    else
      hold = await record.phase('claim', () =>
        holdByWorkbench(
          request,
          copied.map((source) => source.volume.name),
          [],
        ),
      )
    if (hold.bench) {
      const { bench } = hold
      stop.also(
        bench.workbench.lost,
        'the workbench died while it was needed (killed, out of memory, or the engine restarted): run it again',
      )
      await record.phase('stage', () => copyAll(life, bench, copied))
    }
    await backUp(
      life,
      hold,
      image,
      sources.filter((source) => source.staging.kind === 'mount'),
    )
  } catch (error) {
    explain(error, record, stop)
  } finally {
    stop.disarm()
    const held = hold
    if (held)
      await record
        .phase('release', () => held.release())
        .catch((error: Error) =>
          record.warn(`the claim could not be released, the next run will sweep it: ${error.message}`),
        )
  }
  return record.end()
}

/** A dry run: what would be staged and how, without touching anything. */
export async function previewInstance(context: RunContext, instance: Instance, log: InstanceLog, now: () => Date): Promise<Ended> {
  const record = openRecord(instance, log, now)
  const stop = openStop(context.signal)
  const life: Life = { context, instance, log, record, stop, layout: layoutOf(instance.layout, now()), staged: [], failed: [] }
  try {
    const sources = await record.phase('resolve', () => resolve(life))
    for (const { target, staging } of sources) {
      const how = staging.kind === 'copy' ? `copied, because ${staging.why}` : staging.kind === 'mount' ? 'mounted in place' : 'copied in two passes around a stop'
      await log.write('marina', `volume ${target.name} would be ${how}`)
      record.target(target, { status: 'staged' })
    }
    await log.write('marina', `image ${instance.customImage} would run with ${life.layout.directory}`)
  } catch (error) {
    explain(error, record, stop)
  }
  const ended = record.end()
  return ended.status === 'success' ? { ...ended, status: 'skipped' } : ended
}

/** Which targets there are, and how each will be staged. What is missing is a failed target, not a failed instance. */
async function resolve(life: Life): Promise<readonly VolumeSource[]> {
  const { context, instance, record, stop } = life
  const targets = instance.targets ?? (await context.discover(instance.id))
  if (targets.length === 0 && instance.targets === null) {
    throw new InstanceError(
      `no volume or container on this host is labelled for instance ${instance.id}: label it (dev.polarfox.marina.enabled=true, dev.polarfox.marina.instanceID=${instance.id}), list targets, or write "targets: []" if an empty /backup is meant`,
    )
  }
  const pending = context.pending(instance, targets)
  if (pending.length > 0) throw new InstanceError(pending.join('; '))
  for (const target of targets) record.target(target, {})
  const resolved = await resolveTargets(context.host.docker, context.host.engine, context.hostName, targets, {
    signal: stop.signal,
  })
  const sources: VolumeSource[] = []
  for (const one of resolved) {
    if (one.kind === 'volume') sources.push(one)
    else await failTarget(life, one.target, one.error)
  }
  return sources
}

/** Targets were wanted, and none is left. */
function isHopeless(life: Life, sources: readonly unknown[]): boolean {
  return sources.length === 0 && life.failed.length > 0
}

async function findImage(life: Life): Promise<Image> {
  const { context, instance, record, stop } = life
  const { docker } = context.host
  if (instance.customImage === null) throw new InstanceError(`instance ${instance.id} names no customImage`)
  const image = await ensureImage(docker, instance.customImage, instance.pull, { signal: stop.signal })
  record.set({ image: { reference: image.reference, id: image.id, digest: image.digest } })
  for (const warning of image.warnings) await record.warn(warning)
  if (instance.entrypoint === null && dropsItsCommand(image.entrypoint)) {
    throw new InstanceError(
      `image ${image.reference} has a shell-form ENTRYPOINT, which drops /backup.sh and so would back up nothing: write it as ENTRYPOINT ["…"], or set entrypoint`,
    )
  }
  await refuseMissingMounts(life)
  return image
}

/** A volume among `mounts` that is not there would be created by the engine, and the backup would go into the void. */
async function refuseMissingMounts(life: Life): Promise<void> {
  const names = life.instance.mounts.flatMap((mount) => (mount.type === 'volume' && mount.source ? [mount.source] : []))
  const found = await inspectVolumes(life.context.host.docker, names)
  const missing = names.filter((name) => !found.some((volume) => volume.name === name))
  if (missing.length > 0)
    throw new InstanceError(
      `volume ${missing.join(', ')}, named in mounts, does not exist on host ${life.context.hostName}: create it (docker volume create)`,
    )
}

/** Copies one after the other; each failure is its target's own. */
async function copyAll(life: Life, bench: NonNullable<Hold['bench']>, sources: readonly VolumeSource[]): Promise<void> {
  for (const [index, source] of sources.entries()) {
    const began = Date.now()
    const destination = volumeDirectory(life.layout, source.volume.name)
    try {
      const copied = await copyVolume(
        { exec: bench.workbench.exec, tools: bench.tools },
        {
          source: sourcePath(index),
          destination,
          paths: source.target.paths,
          exclude: source.target.exclude,
          allowEmpty: source.target.allowEmpty,
          name: source.volume.name,
          onProgress: (line: string) => life.log.write('marina', line),
          deadlineMs: life.instance.timeoutMs,
          signal: life.stop.signal,
        },
      )
      const { files, bytes, warnings } = copied
      life.record.target(source.target, {
        status: 'staged',
        staging: 'copy',
        files,
        bytes,
        warnings,
        seconds: (Date.now() - began) / 1000,
      })
      for (const warning of warnings) await life.record.warn(`volume ${source.volume.name}: ${warning}`)
      life.staged.push(manifestOf(source, 'copy', files, bytes, warnings))
    } catch (error) {
      if (life.stop.signal.aborted || !isExpected(error)) throw error
      life.record.target(source.target, { seconds: (Date.now() - began) / 1000 })
      await failTarget(life, source.target, (error as Error).message)
    }
  }
}

/** Creates the backup container, with what is mounted in place, runs it, and judges it. */
async function backUp(life: Life, hold: Hold, image: Image, mounted: readonly VolumeSource[]): Promise<void> {
  const { context, instance, record, stop } = life
  const { docker } = context.host
  const script = instance.script === null ? null : await context.readScript(instance.script)
  const began = Date.now()
  const ready = await record.phase(hold.bench ? 'stage' : 'claim', () =>
    readyContainer(
      {
        docker,
        instance,
        image,
        layout: life.layout,
        mounted,
        databases: life.staged.some((target) => target.kind === 'db'),
        script,
        signal: stop.signal,
        create: (mounts, failed) => hold.create(mounts, environment(life, failed)),
        manifest: (staged, failed) => manifestFor(life, staged, failed),
      },
      (left) => left.length > 0 || life.staged.length > 0 || (mounted.length === 0 && life.failed.length === 0),
    ),
  )
  for (const source of ready.mounted)
    record.target(source.target, { status: 'staged', staging: 'mount', seconds: (Date.now() - began) / 1000 })
  for (const failure of ready.failed) await failTarget(life, failure.source.target, failure.error)
  const container = ready.id
  if (container === null) return
  await record.phase('run', async () => {
    const memory = instance.resources.memory
    const end = await runBackup({
      docker,
      container,
      image: image.reference,
      memory,
      log: life.log,
      signal: stop.signal,
    })
    record.set({ exitCode: end.exitCode })
    if (stop.reason()) throw new CancelledError()
    if (end.failure !== null) throw new InstanceError(end.failure)
  })
}

function environment(life: Life, failed: readonly TargetFailure[]): { [key: string]: string } {
  const names = [
    ...life.failed.map((failure) => targetName(failure.target)),
    ...failed.map((failure) => failure.source.volume.name),
  ]
  return backupEnvironment(life.instance, {
    hostName: life.context.hostName,
    runUrl: life.context.runUrl,
    layout: life.layout,
    failedTargets: names,
  })
}

function manifestFor(life: Life, mounted: readonly VolumeSource[], failed: readonly TargetFailure[]): Buffer {
  return manifest({
    instance: life.instance.id,
    host: life.context.hostName,
    timestamp: life.layout.timestamp,
    layout: life.instance.layout,
    runUrl: life.context.runUrl,
    targets: [...life.staged, ...mounted.map((source) => manifestOf(source, 'mount', null, null, []))],
    failed: [
      ...life.failed.map(({ target, error }) => ({ kind: target.kind, name: targetName(target), error })),
      ...failed.map(({ source, error }) => ({ kind: 'volume' as const, name: source.volume.name, error })),
    ],
  })
}

function manifestOf(
  source: VolumeSource,
  staging: 'mount' | 'copy' | 'presync',
  files: number | null,
  bytes: number | null,
  warnings: readonly string[],
): ManifestTarget {
  const { target, volume, containers } = source
  return {
    kind: 'volume',
    name: volume.name,
    path: `volume/${volume.name}`,
    staging,
    paths: target.paths,
    exclude: target.exclude,
    files,
    bytes,
    driver: volume.driver,
    options: volume.options,
    containers,
    warnings,
  }
}

async function failTarget(life: Life, target: Target, error: string): Promise<void> {
  life.failed.push({ target, error })
  life.record.target(target, { status: 'failed', staging: null, error })
  await life.log.write('marina', `failed: ${error}`)
}

/** Turns what was thrown into the instance's reason. What fired the stop explains more than the step that it broke. */
function explain(error: unknown, record: Record, stop: Stop): void {
  const reason = stop.reason()
  if (reason?.kind === 'failed') record.fail(reason.sentence)
  else if (reason?.kind === 'cancelled') record.cancel()
  else if (isExpected(error)) record.fail((error as Error).message)
  else
    record.fail(
      `a bug in Marina, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
}

function isExpected(error: unknown): boolean {
  return (
    error instanceof InstanceError ||
    error instanceof CommandError ||
    error instanceof CancelledError ||
    error instanceof DockerUnavailableError
  )
}
