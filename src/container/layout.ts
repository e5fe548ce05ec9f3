/** Names the places below `/backup`, by version 1 of the image's contract. Pure. */

export interface Layout {
  /** `YYYYMMDD-HHMMSS`, UTC. */
  readonly timestamp: string
  /** The directory of this run: `/backup/<timestamp>`, or `/backup` with `layout: stable`. */
  readonly directory: string
}

export function layoutOf(kind: 'timestamp' | 'stable', at: Date): Layout {
  const timestamp = at
    .toISOString()
    .replace(/[-:]|\..*/g, '')
    .replace('T', '-')
  return { timestamp, directory: kind === 'stable' ? '/backup' : `/backup/${timestamp}` }
}

export const volumeDirectory = (layout: Layout, volume: string) => `${layout.directory}/volume/${volume}`
export const databaseDirectory = (layout: Layout, container: string) => `${layout.directory}/db/${container}`
/** Path of the file in which the image may tell of its backup: the value of `MARINA_RESULT`. */
export const resultPath = (layout: Layout) => `${layout.directory}/result.json`
export const listingFile = (layout: Layout, volume: string) => `${layout.directory}/listings/${volume}.txt`

/**
 * Returns the directories that belong to the image's user: from `/backup` to the run directory, and `volume/`, `listings/` and `db/` if they
 * are used.
 */
export function ownDirectories(
  layout: Layout,
  uses: { readonly volumes: boolean; readonly listings: boolean; readonly databases: boolean },
): readonly string[] {
  return [
    '/backup',
    ...(layout.directory === '/backup' ? [] : [layout.directory]),
    ...(uses.volumes ? [`${layout.directory}/volume`] : []),
    ...(uses.listings ? [`${layout.directory}/listings`] : []),
    ...(uses.databases ? [`${layout.directory}/db`] : []),
  ]
}
