/** Prepares the backup container: creates it with its mounts and environment, and puts in the manifest, the script and the right owners. */

import { backupEnvironment } from '../container/environment.ts'
import { fillContainer } from '../container/fillContainer.ts'
import { volumeDirectory } from '../container/layout.ts'
import { manifest } from '../container/manifest.ts'
import { lookIntoVolumes } from '../container/mountedVolumes.ts'
import type { NumericUser } from '../container/user.ts'
import { shownReason } from '../copy/readable.ts'
import type { MountSpec } from '../docker/args.ts'
import { removeContainer } from '../docker/containers.ts'
import type { FileToCopy } from '../docker/copyFiles.ts'
import type { ReadyImage } from '../docker/images.ts'
import { inspectVolumes, removeMadeVolumes, type Volume } from '../docker/volumes.ts'
import { InstanceError } from '../errors.ts'
import type { VolumeSource } from '../targets/resolve.ts'
import { failTarget, type InstanceRun } from './instanceRun.ts'
import type { AcquiredLock, LockHelper } from './lock.ts'
import { volumeEntry } from './manifestEntries.ts'
import { targetName } from './reportBuilder.ts'
import { unmountableIn } from './unmountable.ts'

/** The part of a mounted volume's entry that is known before the image runs: nothing is counted by then. */
const MOUNTED = { staging: 'mount', files: null, bytes: null, live: false, listing: null, warnings: [] } as const
const GIVE_DUMPS_MS = 60_000
const REMOVE_MOUNT_POINT_MS = 30_000

/**
 * Creates the backup container with the volumes `mounted`, beside what was copied and dumped. If a volume turns out to be empty, gone,
 * without its paths or impossible to mount, its target is recorded as failed, and the container is created again without it. Returns the
 * container's id; `null` if no target is left.
 */
export async function prepareContainer(
  run: InstanceRun,
  lock: AcquiredLock,
  image: ReadyImage,
  mounted: readonly VolumeSource[],
): Promise<string | null> {
  const began = Date.now()
  let volumes = mounted
  let parents: ReadonlyMap<VolumeSource, readonly FileToCopy[]> = new Map()
  // paths are looked at through the whole volume first
  let areWhole = volumes.some((source) => source.target.paths.length > 0)
  while (isWorthARun(run, volumes)) {
    const id = await lock.create(mountsOf(run, volumes, areWhole), environmentOf(run))
    try {
      const found = await lookIntoVolumes(createdContainer(run, id), volumes, areWhole)
      if (found.failed.size === 0 && !areWhole) {
        const owner = await fill(run, { id, image, volumes, parents: volumes.flatMap((one) => parents.get(one) ?? []) })
        const seconds = (Date.now() - began) / 1000
        for (const source of volumes) reportMounted(run, source, seconds)
        if (lock.helper && has(run, 'db')) await giveDumps(run, lock.helper, owner)
        return id
      }
      if (areWhole) parents = found.parents
      areWhole = false
      volumes = volumes.filter((source) => !found.failed.has(source))
      await removeContainer(run.context.host.docker, id)
      await failVolumes(run, lock.helper, found.failed)
    } catch (error) {
      // where it cannot be removed now the release tries again, and says so
      await removeContainer(run.context.host.docker, id).catch(() => {})
      const failed = unmountableIn(error, volumes, await ownVolumes(run))
      if (failed.size === 0) throw error
      volumes = volumes.filter((source) => !failed.has(source))
      await failVolumes(run, lock.helper, failed)
    }
  }
  return null
}

/** Returns those volumes named in the instance's `mounts` that exist. */
async function ownVolumes({ instance, context }: InstanceRun): Promise<readonly Volume[]> {
  const names = instance.mounts.flatMap(({ type, source }) => (type === 'volume' && source !== null ? [source] : []))
  return names.length === 0 ? [] : inspectVolumes(context.host.docker, names)
}

/** Tells whether the image should run: yes while a target is left, or if the instance has no targets at all; no if all of its targets have failed. */
function isWorthARun(run: InstanceRun, mounted: readonly VolumeSource[]): boolean {
  return mounted.length > 0 || run.staged.length > 0 || run.failed.length === 0
}

function has(run: InstanceRun, kind: 'volume' | 'db'): boolean {
  return run.staged.some((target) => target.kind === kind)
}

function createdContainer({ context, layout, abort }: InstanceRun, id: string) {
  const { docker, owner } = context.host
  return { docker, id, layout, madeBy: owner.job, signal: abort.signal }
}

function mountsOf(run: InstanceRun, volumes: readonly VolumeSource[], areWhole: boolean): readonly MountSpec[] {
  return volumes.flatMap(({ volume, target, staging: { strategy } }) =>
    strategy.kind === 'mounting'
      ? strategy.mounts({
          name: volume.name,
          target: volumeDirectory(run.layout, volume.name),
          paths: areWhole ? [] : target.paths,
          madeBy: run.context.host.owner.job,
        })
      : [],
  )
}

interface ContainerToFill {
  readonly id: string
  readonly image: ReadyImage
  readonly volumes: readonly VolumeSource[]
  readonly parents: readonly FileToCopy[]
}

function fill(run: InstanceRun, { id, image, volumes, parents }: ContainerToFill): Promise<NumericUser> {
  const { context, instance, layout, script, abort } = run
  return fillContainer({ docker: context.host.docker, instance, image, signal: abort.signal }, id, {
    layout,
    uses: {
      volumes: has(run, 'volume') || volumes.length > 0,
      listings: has(run, 'volume'),
      databases: has(run, 'db'),
    },
    parents,
    manifest: manifestOf(run, volumes),
    script,
  })
}

function reportMounted(run: InstanceRun, source: VolumeSource, seconds: number): void {
  run.report.staged(source.target, { staging: 'mount', files: null, bytes: null, seconds, warnings: [] })
}

/**
 * Records the failure of these volumes in the phase `stage`, even if the problem only showed when the backup container was created. Removes
 * what the removed container left of them.
 */
async function failVolumes(
  run: InstanceRun,
  helper: LockHelper | null,
  failed: ReadonlyMap<VolumeSource, string>,
): Promise<void> {
  const { docker, owner } = run.context.host
  for (const [source, error] of failed) {
    await failTarget(run, source.target, { error, phase: 'stage' })
    if (helper) await removeMountPoint(run, helper, source)
  }
  await removeMadeVolumes(
    docker,
    [...failed.keys()].map((source) => source.volume.name),
    owner.job,
  )
}

/** Gives the dumps to the image's user, whose numbers are known only now. */
async function giveDumps(run: InstanceRun, helper: LockHelper, owner: NumericUser): Promise<void> {
  const given = await helper.exec({
    script: 'chown -R "$1" "$2"',
    args: [`${owner.uid}:${owner.gid}`, `${run.layout.directory}/db`],
    deadlineMs: GIVE_DUMPS_MS,
    signal: run.abort.signal,
  })
  if (given.code !== 0)
    throw new InstanceError(`the dumps could not be given to the image's user: ${shownReason(given)}`)
}

/** Removes the empty mount point that a removed container left in the staging volume: it could pass for an empty backup. */
async function removeMountPoint(run: InstanceRun, helper: LockHelper, source: VolumeSource): Promise<void> {
  const removed = await helper.exec({
    // paths have mount points of their own below it; nothing is mounted there in the helper
    script: 'rm -rf -- "$1"',
    args: [volumeDirectory(run.layout, source.volume.name)],
    deadlineMs: REMOVE_MOUNT_POINT_MS,
    signal: run.abort.signal,
  })
  if (removed.code !== 0)
    throw new InstanceError(
      `the mount point of volume ${source.volume.name}, which failed, could not be removed: ${shownReason(removed)}`,
    )
}

function environmentOf({ context, instance, layout, failed }: InstanceRun): Record<string, string> {
  return backupEnvironment(instance, {
    hostName: context.hostName,
    runUrl: context.runUrl,
    layout,
    failedTargets: failed.map(({ target }) => targetName(target)),
  })
}

function manifestOf(
  { context, instance, layout, staged, failed }: InstanceRun,
  mounted: readonly VolumeSource[],
): Buffer {
  return manifest({
    instance: instance.id,
    host: context.hostName,
    timestamp: layout.timestamp,
    layout: instance.layout,
    runUrl: context.runUrl,
    targets: [
      ...staged.map((target) => ({ ...target, warnings: target.warnings.map(context.host.docker.redact) })),
      ...mounted.map((source) => volumeEntry(source, MOUNTED)),
    ],
    failed: failed.map(({ target, error }) => ({ kind: target.kind, name: targetName(target), error })),
  })
}
