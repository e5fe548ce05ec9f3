/**
 * Reads the state of the host: containers, volumes, the last lines of a container's log, and traces in /proc of where the runner runs.
 * Decides nothing.
 */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { commandError, isRefused } from '../docker/callResult.ts'
import { listContainers } from '../docker/containers.ts'
import { inspectListed, type OddContainer } from '../docker/listed.ts'
import type { Container, ContainerMount } from '../docker/parseContainer.ts'
import { type Docker, type QueryOptions, query } from '../docker/process.ts'
import type { Volume } from '../docker/volumes.ts'
import { inspectVolumes, listVolumes } from '../docker/volumes.ts'
import { CommandError, InstanceError } from '../errors.ts'
import type { RunnerTraces } from './runnerContainers.ts'
import { howItWrites } from './writers.ts'

const LOG_LINES = 20
const LOG_DEADLINE_MS = 10_000

export interface HostContents {
  /** All containers in any state. Left out are those that are removed meanwhile, and those of ours that only look at something. */
  readonly containers: readonly Container[]
  readonly hostVolumes: readonly Volume[]
}

/**
 * Returns all containers and volumes of the host. A container that the engine describes oddly is left out and reported by `onOdd`, unless it
 * may be writing to one of the volumes with the names `targets`, of which some may be folders (`folderName`): then it throws an `InstanceError`, because nobody could stop it safely.
 */
export async function hostContents(
  docker: Docker,
  targets: readonly string[],
  onOdd: (message: string) => Promise<void>,
  options: QueryOptions = {},
): Promise<HostContents> {
  const [{ containers, odd }, hostVolumes] = await Promise.all([
    listContainers(docker, [], options).then((ids) => inspectListed(docker, ids, options)),
    allVolumes(docker, options).then((volumes) => [...volumes, ...targets.flatMap(folderAsVolume)]),
  ])
  for (const one of odd) {
    const volume = hostVolumes.find(({ name }) => targets.includes(name) && mayWrite(one, name, hostVolumes))
    if (volume !== undefined)
      throw new InstanceError(
        `container ${one.name} may be writing to volume "${volume.name}", and ${one.why}. Stop or remove it, or leave out stopAttached`,
      )
    await onOdd(`container ${one.name} is left out, as it does not write to what is backed up: ${one.why}`)
  }
  return { containers, hostVolumes }
}

/** Makes the name by which a folder of the host stands among the names of volumes. It has no spaces. */
export function folderName(path: string): string {
  return encodeURI(path)
}

/** Describes a folder of the host as a volume, so that its writers are found; empty for the name of a volume, which never begins with a slash. */
function folderAsVolume(name: string): readonly Volume[] {
  if (!name.startsWith('/')) return []
  return [{ name, driver: '', mountpoint: decodeURI(name), createdAt: '', labels: {}, options: {} }]
}

/** Tells whether a container that the engine describes oddly may be writing to a volume. One whose mounts are not known may. */
function mayWrite({ mayRun, mounts }: OddContainer, name: string, hostVolumes: readonly Volume[]): boolean {
  const volume = hostVolumes.find((one) => one.name === name)
  if (!mayRun || volume === undefined) return false
  if (mounts === null) return true
  const asMounts = mounts.map((mount): ContainerMount => {
    const isPath = mount.startsWith('/')
    const source = isPath ? mount : ''
    return { type: isPath ? 'bind' : 'volume', name: isPath ? null : mount, source, target: '', writable: true }
  })
  return howItWrites({ mounts: asMounts }, volume, hostVolumes) !== null
}

/**
 * Returns all volumes of the host. Left out are those that were removed meanwhile, and those whose driver refuses to tell: they lie on no
 * device of the host that another volume could share.
 */
export async function allVolumes(docker: Docker, options: QueryOptions = {}): Promise<readonly Volume[]> {
  const names = await listVolumes(docker, [], options)
  const isRefusal = (error: unknown) => error instanceof CommandError && isRefused(error)
  try {
    return await inspectVolumes(docker, names, options)
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
  const each = names.map((name) =>
    inspectVolumes(docker, [name], options).catch((error: unknown) => {
      if (isRefusal(error)) return []
      throw error
    }),
  )
  return (await Promise.all(each)).flat()
}

/**
 * Returns at most the last 20 lines that a container printed since `since` (a time of the engine; `null`: since ever), oldest first and
 * redacted. If the log cannot be read, the only line says so.
 */
export async function lastLogLines(docker: Docker, id: string, since: string | null): Promise<readonly string[]> {
  const argv = ['logs', '--timestamps', '--tail', String(LOG_LINES), ...(since === null ? [] : ['--since', since]), id]
  const output = await query(docker, argv, { deadlineMs: LOG_DEADLINE_MS })
  if (output.ended.kind !== 'exit' || output.ended.code !== 0)
    return [commandError(docker, 'its log could not be read', output).message]
  // stdout and stderr come apart; the time stamps put them together again
  return `${output.stdout}\n${output.stderr}`
    .split('\n')
    .filter((line) => line.trim() !== '')
    .sort()
    .slice(-LOG_LINES)
    .map((line) => docker.redact(line.replace(/^\S+ ?/, '')))
}

/** Reads what this process can see of the container that it may run in. On a machine without /proc the texts of its files are empty. */
export async function readRunnerTraces(): Promise<RunnerTraces> {
  return {
    cgroup: await textOf('/proc/self/cgroup'),
    mountinfo: await textOf('/proc/self/mountinfo'),
    hostname: hostname(),
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
