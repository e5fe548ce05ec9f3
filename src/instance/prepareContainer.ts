/** The last step before the run: the backup container with its mounts, manifest and environment, and all that it may read. */

import { readyContainer, type TargetFailure } from '../container/create.ts'
import { backupEnvironment } from '../container/environment.ts'
import { volumeDirectory } from '../container/layout.ts'
import { manifest } from '../container/manifest.ts'
import type { NumericUser } from '../container/user.ts'
import { execReason } from '../docker/exec.ts'
import type { ReadyImage } from '../docker/images.ts'
import { InstanceError } from '../errors.ts'
import type { VolumeSource } from '../targets/resolve.ts'
import { failTarget, type InstanceRun } from './instanceRun.ts'
import type { AcquiredLock } from './lock.ts'
import { volumeEntry } from './manifestEntries.ts'
import { targetName } from './reportBuilder.ts'

/** Mounts what is mounted, beside what was copied and dumped, and returns the created backup container, or `null` where no target is left for it. */
export async function prepareContainer(
  run: InstanceRun,
  lock: AcquiredLock,
  image: ReadyImage,
  mounted: readonly VolumeSource[],
): Promise<string | null> {
  const { docker } = run.context.host
  const { instance, stop } = run
  const began = Date.now()
  const has = (kind: 'volume' | 'db') => run.staged.some((target) => target.kind === kind)
  const databases = has('db')
  const ready = await readyContainer(
    {
      docker,
      instance,
      image,
      layout: run.layout,
      mounted,
      staged: { volumes: has('volume'), databases },
      madeBy: run.context.host.owner.job,
      script: run.script,
      signal: stop.signal,
      create: (mounts, failed) => lock.create(mounts, environment(run, failed)),
      manifest: (staged, failed) => manifestFor(run, staged, failed),
    },
    (left) => left.length > 0 || run.staged.length > 0 || (mounted.length === 0 && run.failed.length === 0),
  )
  for (const source of ready.mounted)
    run.report.target(source.target, { status: 'staged', staging: 'mount', seconds: (Date.now() - began) / 1000 })
  for (const failure of ready.failed) {
    // staging it is, also where the claim is the very container that shows what is wrong
    await failTarget(run, failure.source.target, failure.error, 'stage')
    if (lock.helper) await removeMountPoint(run, lock.helper, failure.source)
  }
  if (databases && lock.helper && ready.id !== null) await giveDumps(run, lock.helper, ready.owner)
  return ready.id
}

/** The dumps belong to the image's user, whose numbers are known only now. */
async function giveDumps(
  run: InstanceRun,
  helper: NonNullable<AcquiredLock['helper']>,
  owner: NumericUser,
): Promise<void> {
  const given = await helper.container.exec({
    script: 'chown -R "$1" "$2"',
    args: [`${owner.uid}:${owner.gid}`, `${run.layout.directory}/db`],
    deadlineMs: 60_000,
    signal: run.stop.signal,
  })
  if (given.code !== 0)
    throw new InstanceError(`the dumps could not be given to the image's user: ${execReason(given)}`)
}

/** The staging volume outlives a backup container that was created and removed: the mount point that it made there must not pass as an empty backup. */
async function removeMountPoint(
  run: InstanceRun,
  helper: NonNullable<AcquiredLock['helper']>,
  source: VolumeSource,
): Promise<void> {
  const removed = await helper.container.exec({
    // paths have mount points of their own below it; nothing is mounted there in the helper
    script: 'rm -rf -- "$1"',
    args: [volumeDirectory(run.layout, source.volume.name)],
    deadlineMs: 30_000,
    signal: run.stop.signal,
  })
  if (removed.code !== 0)
    throw new InstanceError(
      `the mount point of volume ${source.volume.name}, which failed, could not be removed: ${execReason(removed)}`,
    )
}

function environment(run: InstanceRun, failed: readonly TargetFailure[]): { [key: string]: string } {
  const names = [
    ...run.failed.map((failure) => targetName(failure.target)),
    ...failed.map((failure) => failure.source.volume.name),
  ]
  return backupEnvironment(run.instance, {
    hostName: run.context.hostName,
    runUrl: run.context.runUrl,
    layout: run.layout,
    failedTargets: names,
  })
}

function manifestFor(run: InstanceRun, mounted: readonly VolumeSource[], failed: readonly TargetFailure[]): Buffer {
  return manifest({
    instance: run.instance.id,
    host: run.context.hostName,
    timestamp: run.layout.timestamp,
    layout: run.instance.layout,
    runUrl: run.context.runUrl,
    targets: [
      ...run.staged.map((target) => ({ ...target, warnings: target.warnings.map(run.context.host.docker.redact) })),
      ...mounted.map((source) => volumeEntry(source, { staging: 'mount', files: null, bytes: null, warnings: [] })),
    ],
    failed: [
      ...run.failed.map(({ target, error }) => ({ kind: target.kind, name: targetName(target), error })),
      ...failed.map(({ source, error }) => ({ kind: 'volume' as const, name: source.volume.name, error })),
    ],
  })
}
