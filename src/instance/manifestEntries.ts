/** Makes the manifest's entry for each target. Pure. */
import { posix } from 'node:path'
import type { Layout } from '../container/layout.ts'
import type { DatabaseEntry, VolumeEntry } from '../container/manifest.ts'
import type { WrittenListing } from '../copy/writeListing.ts'
import { shownOptions } from '../docker/mountOptions.ts'
import type { DumpReport } from '../dump/dump.ts'
import type { DbSource, VolumeSource } from '../targets/resolve.ts'

export function volumeEntry(
  source: VolumeSource,
  how: Pick<VolumeEntry, 'staging' | 'files' | 'bytes' | 'live' | 'listing' | 'warnings'>,
): VolumeEntry {
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

export function listingEntry({ file, ...listing }: WrittenListing, layout: Layout): VolumeEntry['listing'] {
  return { path: posix.relative(layout.directory, file), ...listing }
}

export function databaseEntry(source: DbSource, dumped: DumpReport, layout: Layout): DatabaseEntry {
  return {
    kind: 'db',
    name: source.name,
    path: `db/${source.name}`,
    engine: dumped.kind,
    tool: dumped.tool,
    toolVersion: dumped.toolVersion,
    files: dumped.files.map(({ path, bytes, sha256, database, counted }) => ({
      path: posix.relative(layout.directory, path),
      bytes,
      sha256,
      database,
      rows: counted.rows,
      rowsUnknown: counted.unknown,
    })),
    leftOutBy: dumped.leftOutBy,
    server: dumped.server,
    containers: source.containers,
    warnings: dumped.warnings,
  }
}
