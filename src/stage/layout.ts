/** Where things lie below `/backup`, version 1 of the image's contract. Pure. */

export interface Layout {
  /** `YYYYMMDD-HHMMSS`, UTC. */
  readonly timestamp: string
  /** The run directory: `/backup/<timestamp>`, or `/backup` with `layout: stable`. */
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

/** The directories from `/backup` down to and with the run directory, `volume/` and `db/` where they are used: these belong to the image's user. */
export function ownDirectories(
  layout: Layout,
  uses: { readonly volumes: boolean; readonly databases: boolean },
): readonly string[] {
  return [
    '/backup',
    ...(layout.directory === '/backup' ? [] : [layout.directory]),
    ...(uses.volumes ? [`${layout.directory}/volume`] : []),
    ...(uses.databases ? [`${layout.directory}/db`] : []),
  ]
}

/** All directories strictly above the given paths, from the top, each once: of `a/b/c` and `a/d` these are `a`, `a/b`. */
export function directoriesAbove(paths: readonly string[]): readonly string[] {
  const above = new Set<string>()
  for (const path of paths) {
    const parts = path.split('/')
    for (let depth = 1; depth < parts.length; depth += 1) above.add(parts.slice(0, depth).join('/'))
  }
  return [...above].sort()
}
