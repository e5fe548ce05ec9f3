/** The last step before the run: the backup container with its mounts, manifest and environment, and all that it may read. */

import { readyContainer, type TargetFailure } from '../container/create.ts'
import { backupEnvironment } from '../container/environment.ts'
import { volumeDirectory } from '../container/layout.ts'
import { manifest } from '../container/manifest.ts'
import type { NumericUser } from '../container/user.ts'
import { execReason } from '../docker/exec.ts'
import type { Image } from '../docker/images.ts'
import { InstanceError } from '../errors.ts'
import type { VolumeSource } from '../targets/resolve.ts'
import { failTarget, type Life } from './instanceRun.ts'
import type { Hold } from './lock.ts'
import { volumeEntry } from './manifestEntries.ts'
import { targetName } from './reportBuilder.ts'

/** Mounts what is mounted, beside what was copied and dumped, and returns the created backup container, or `null` where no target is left for it. */
export async function readyImage(
  life: Life,
  hold: Hold,
  image: Image,
  mounted: readonly VolumeSource[],
): Promise<string | null> {
  const { docker } = life.context.host
  const { instance, stop } = life
  const began = Date.now()
  const has = (kind: 'volume' | 'db') => life.staged.some((target) => target.kind === kind)
  const databases = has('db')
  const ready = await readyContainer(
    {
      docker,
      instance,
      image,
      layout: life.layout,
      mounted,
      staged: { volumes: has('volume'), databases },
      madeBy: life.context.host.owner.job,
      script: life.script,
      signal: stop.signal,
      create: (mounts, failed) => hold.create(mounts, environment(life, failed)),
      manifest: (staged, failed) => manifestFor(life, staged, failed),
    },
    (left) => left.length > 0 || life.staged.length > 0 || (mounted.length === 0 && life.failed.length === 0),
  )
  for (const source of ready.mounted)
    life.record.target(source.target, { status: 'staged', staging: 'mount', seconds: (Date.now() - began) / 1000 })
  for (const failure of ready.failed) {
    // staging it is, also where the claim is the very container that shows what is wrong
    await failTarget(life, failure.source.target, failure.error, 'stage')
    if (hold.bench) await removeMountPoint(life, hold.bench, failure.source)
  }
  if (databases && hold.bench && ready.id !== null) await giveDumps(life, hold.bench, ready.owner)
  return ready.id
}

/** The dumps belong to the image's user, whose numbers are known only now. */
async function giveDumps(life: Life, bench: NonNullable<Hold['bench']>, owner: NumericUser): Promise<void> {
  const given = await bench.workbench.exec({
    script: 'chown -R "$1" "$2"',
    args: [`${owner.uid}:${owner.gid}`, `${life.layout.directory}/db`],
    deadlineMs: 60_000,
    signal: life.stop.signal,
  })
  if (given.code !== 0)
    throw new InstanceError(`the dumps could not be given to the image's user: ${execReason(given)}`)
}

/** The staging volume outlives a backup container that was created and removed: the mount point that it made there must not pass as an empty backup. */
async function removeMountPoint(life: Life, bench: NonNullable<Hold['bench']>, source: VolumeSource): Promise<void> {
  const removed = await bench.workbench.exec({
    // paths have mount points of their own below it; nothing is mounted there in the workbench
    script: 'rm -rf -- "$1"',
    args: [volumeDirectory(life.layout, source.volume.name)],
    deadlineMs: 30_000,
    signal: life.stop.signal,
  })
  if (removed.code !== 0)
    throw new InstanceError(
      `the mount point of volume ${source.volume.name}, which failed, could not be removed: ${execReason(removed)}`,
    )
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
    targets: [
      ...life.staged.map((target) => ({ ...target, warnings: target.warnings.map(life.context.host.docker.redact) })),
      ...mounted.map((source) => volumeEntry(source, { staging: 'mount', files: null, bytes: null, warnings: [] })),
    ],
    failed: [
      ...life.failed.map(({ target, error }) => ({ kind: target.kind, name: targetName(target), error })),
      ...failed.map(({ source, error }) => ({ kind: 'volume' as const, name: source.volume.name, error })),
    ],
  })
}
