/** Makes the manifest's entry for each target. Pure. */
import { posix } from 'node:path'
import type { Layout } from '../container/layout.ts'
import type { ManifestTarget } from '../container/manifest.ts'
import { shownOptions } from '../docker/mountOptions.ts'
import type { DumpReport } from '../dump/dump.ts'
import type { DbSource, VolumeSource } from '../targets/resolve.ts'

type VolumeEntry = Extract<ManifestTarget, { kind: 'volume' }>

export function volumeEntry(
  source: VolumeSource,
  how: Pick<VolumeEntry, 'staging' | 'files' | 'bytes' | 'warnings'>,
): ManifestTarget {
  const { target, volume, containers } = source
  return {
    kind: 'volume',
    name: volume.name,
    path: `volume/${volume.name}`,
    paths: target.paths,
    exclude: target.exclude,
    driver: volume.driver,
    options: shownOptions(volume.options),
    containers,
    ...how,
  }
}

export function databaseEntry(source: DbSource, dumped: DumpReport, layout: Layout): ManifestTarget {
  return {
    kind: 'db',
    name: source.name,
    path: `db/${source.name}`,
    engine: dumped.kind,
    tool: dumped.tool,
    toolVersion: dumped.toolVersion,
    files: dumped.files.map((file) => ({ ...file, path: posix.relative(layout.directory, file.path) })),
    containers: source.containers,
    warnings: dumped.warnings,
  }
}
