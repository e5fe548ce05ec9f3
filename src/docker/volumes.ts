/** Volumes as the engine tells of them. */
import { MADE_BY_LABEL } from './args.ts'
import { commandError, type Docker, type QueryOptions, query, run } from './process.ts'

export interface EngineVolume {
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
): Promise<readonly EngineVolume[]> {
  if (names.length === 0) return []
  const argv = ['volume', 'inspect', ...names]
  const output = await query(docker, argv, options)
  const missing = output.stderr.split('\n').filter((line) => /no such volume/i.test(line)).length
  const what = 'volumes could not be inspected'
  if (output.ended.kind !== 'exit' || (output.ended.code !== 0 && missing === 0))
    throw commandError(docker, argv, what, output)
  const found = JSON.parse(output.stdout || '[]') as RawVolume[]
  // one that could not be asked about, beside one that is missing, must not pass for missing
  if (found.length + missing < names.length) throw commandError(docker, argv, what, output)
  return found.map((raw) => ({
    name: raw.Name,
    driver: raw.Driver,
    mountpoint: raw.Mountpoint,
    createdAt: raw.CreatedAt ?? '',
    labels: raw.Labels ?? {},
    options: raw.Options ?? {},
  }))
}

/**
 * Of `names`, those that are not there, or are only because a mount of `job` created them: `docker create --mount src=NAME` makes a
 * volume that is missing, and labels it (`Mount.madeBy`). `CreatedAt` tells nothing: it moves with the volume's content on 20.10.
 */
export async function vanishedVolumes(
  docker: Docker,
  names: readonly string[],
  job: string,
): Promise<readonly string[]> {
  const now = new Map((await inspectVolumes(docker, names)).map((volume) => [volume.name, volume]))
  return names.filter((name) => !now.has(name) || now.get(name)?.labels[MADE_BY_LABEL] === job)
}

/** Removes what mounts of `job` created of `names`, and nothing else. One that somebody uses by now stays. */
export async function removeMadeVolumes(docker: Docker, names: readonly string[], job: string): Promise<void> {
  for (const volume of await inspectVolumes(docker, names)) {
    if (volume.labels[MADE_BY_LABEL] === job) await query(docker, ['volume', 'rm', volume.name])
  }
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
