/** Volumes as the engine tells of them. */
import { commandError, type Docker, type QueryOptions, query, run } from './process.ts'

export interface Volume {
  readonly name: string
  readonly driver: string
  readonly mountpoint: string
  readonly createdAt: string
  readonly labels: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
}

/** The volumes that exist of those named; a missing one is left out and never created. */
export async function inspectVolumes(
  docker: Docker,
  names: readonly string[],
  options: QueryOptions = {},
): Promise<readonly Volume[]> {
  if (names.length === 0) return []
  const argv = ['volume', 'inspect', ...names]
  const output = await query(docker, argv, options)
  const missing = /no such volume/i.test(output.stderr)
  if (output.ended.kind !== 'exit' || (output.ended.code !== 0 && !missing)) {
    throw commandError(docker, argv, 'volumes could not be inspected', output)
  }
  return (JSON.parse(output.stdout || '[]') as RawVolume[]).map((raw) => ({
    name: raw.Name,
    driver: raw.Driver,
    mountpoint: raw.Mountpoint,
    createdAt: raw.CreatedAt ?? '',
    labels: raw.Labels ?? {},
    options: raw.Options ?? {},
  }))
}

/** Names of all volumes that fit the filters. */
export async function listVolumes(
  docker: Docker,
  filters: readonly string[],
  options: QueryOptions = {},
): Promise<readonly string[]> {
  const argv = ['volume', 'ls', '--quiet', ...filters.flatMap((filter) => ['--filter', filter])]
  const stdout = await run(docker, argv, 'volumes could not be listed', options)
  return stdout.split('\n').filter((line) => line !== '')
}

interface RawVolume {
  readonly Name: string
  readonly Driver: string
  readonly Mountpoint: string
  readonly CreatedAt?: string
  readonly Labels?: Record<string, string> | null
  readonly Options?: Record<string, string> | null
}
