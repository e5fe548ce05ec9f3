/** Finds volumes, and removes those that our own mounts made. */
import { MADE_BY_LABEL } from './args.ts'
import { inspectNamed } from './inspectNamed.ts'
import { type Docker, type QueryOptions, query, run } from './process.ts'

export interface Volume {
  readonly name: string
  readonly driver: string
  readonly mountpoint: string
  readonly createdAt: string
  readonly labels: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
}

/** Inspects the volumes of these names that exist; a missing one is left out and never created. Throws for anything else that docker says. */
export async function inspectVolumes(
  docker: Docker,
  names: readonly string[],
  options: QueryOptions = {},
): Promise<readonly Volume[]> {
  const found = (await inspectNamed(docker, 'volume', names, options)) as readonly RawVolume[]
  return found
    .filter(({ Name }) => names.includes(Name)) // a swarm finds its own volumes by the beginning of an id, too
    .map((raw) => ({
      name: raw.Name,
      driver: raw.Driver ?? '',
      mountpoint: raw.Mountpoint ?? '',
      createdAt: raw.CreatedAt ?? '',
      labels: raw.Labels ?? {},
      options: raw.Options ?? {},
    }))
}

/**
 * Returns those of `names` that do not exist, or exist only because a mount of the job with the id `job` created them: `docker create
 * --mount src=NAME` creates a missing volume and labels it (`madeBy` of the mount). `CreatedAt` cannot tell: on 20.10 it changes with the
 * volume's content.
 */
export async function vanishedVolumes(
  docker: Docker,
  names: readonly string[],
  job: string,
): Promise<readonly string[]> {
  const now = new Map((await inspectVolumes(docker, names)).map((volume) => [volume.name, volume]))
  return names.filter((name) => !now.has(name) || now.get(name)?.labels[MADE_BY_LABEL] === job)
}

/** Removes those of `names` that mounts of the job with the id `job` created, and no others. A volume that is in use by now stays. */
export async function removeMadeVolumes(docker: Docker, names: readonly string[], job: string): Promise<void> {
  for (const volume of await inspectVolumes(docker, names)) {
    if (volume.labels[MADE_BY_LABEL] === job) await query(docker, ['volume', 'rm', volume.name])
  }
}

/** Deadline of a list, ms: the engine itself waits a minute for a driver that does not answer, and then leaves its volumes out. */
const LIST_MS = 90_000

/** Returns the names of the volumes that fit the filters (`label=…`). Those of a driver that does not answer are missing. */
export async function listVolumes(
  docker: Docker,
  filters: readonly string[],
  options: QueryOptions = {},
): Promise<readonly string[]> {
  const argv = ['volume', 'ls', '--quiet', ...filters.flatMap((filter) => ['--filter', filter])]
  const stdout = await run(docker, argv, 'volumes could not be listed', { deadlineMs: LIST_MS, ...options })
  return stdout.split('\n').filter((line) => line !== '')
}

interface RawVolume {
  readonly Name: string
  /** Missing for a volume of the whole swarm. */
  readonly Driver?: string
  readonly Mountpoint?: string
  readonly CreatedAt?: string
  readonly Labels?: Record<string, string> | null
  readonly Options?: Record<string, string> | null
}
