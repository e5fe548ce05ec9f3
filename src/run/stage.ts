/** The stage of one instance's life: every target's data comes under `/backup`, and the backup container is ready to start. */
import type { Image } from '../docker/images.ts'
import { copyVolume } from '../stage/copy.ts'
import { volumeDirectory } from '../stage/layout.ts'
import { type ManifestTarget, manifest } from '../stage/manifest.ts'
import type { VolumeSource } from '../stage/targets.ts'
import { readyContainer, type TargetFailure } from './container.ts'
import { backupEnvironment } from './environment.ts'
import { type Hold, sourcePath } from './hold.ts'
import { failTarget, isExpected, type Life } from './life.ts'
import { targetName } from './record.ts'

/** Copies what is copied, mounts what is mounted, and returns the created backup container, or `null` where no target is left for it. */
export async function stageTargets(
  life: Life,
  hold: Hold,
  image: Image,
  sources: readonly VolumeSource[],
): Promise<string | null> {
  const { docker } = life.context.host
  const { instance, stop } = life
  if (hold.bench) await copyAll(life, hold.bench, copiedOf(sources))
  const mounted = sources.filter((source) => source.staging.kind === 'mount')
  const began = Date.now()
  const ready = await readyContainer(
    {
      docker,
      instance,
      image,
      layout: life.layout,
      mounted,
      databases: life.staged.some((target) => target.kind === 'db'),
      script: instance.script === null ? null : await life.context.readScript(instance.script),
      signal: stop.signal,
      create: (mounts, failed) => hold.create(mounts, environment(life, failed)),
      manifest: (staged, failed) => manifestFor(life, staged, failed),
    },
    (left) => left.length > 0 || life.staged.length > 0 || (mounted.length === 0 && life.failed.length === 0),
  )
  for (const source of ready.mounted)
    life.record.target(source.target, { status: 'staged', staging: 'mount', seconds: (Date.now() - began) / 1000 })
  for (const failure of ready.failed) {
    await failTarget(life, failure.source.target, failure.error)
    if (hold.bench) await removeMountPoint(life, hold.bench, failure.source)
  }
  return ready.id
}

/** The staging volume outlives a backup container that was created and removed: the mount point that it made there must not pass as an empty backup. */
async function removeMountPoint(life: Life, bench: NonNullable<Hold['bench']>, source: VolumeSource): Promise<void> {
  await bench.workbench.exec({
    script: 'rmdir "$1" 2>/dev/null; [ ! -e "$1" ]',
    args: [volumeDirectory(life.layout, source.volume.name)],
    deadlineMs: 30_000,
    signal: life.stop.signal,
  })
}

/** The sources that need a workbench. */
export const copiedOf = (sources: readonly VolumeSource[]) =>
  sources.filter((source) => source.staging.kind !== 'mount')

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
          live: true,
          onProgress: (line: string) => void life.log.write('marina', line),
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
      for (const warning of warnings)
        await life.log.write('marina', `warning: volume ${source.volume.name}: ${warning}`)
      life.staged.push(manifestOf(source, 'copy', files, bytes, warnings))
    } catch (error) {
      if (life.stop.signal.aborted || !isExpected(error)) throw error
      life.record.target(source.target, { seconds: (Date.now() - began) / 1000 })
      await failTarget(life, source.target, (error as Error).message)
    }
  }
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
