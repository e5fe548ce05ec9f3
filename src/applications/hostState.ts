/** Reads the state of the host: containers, volumes, the last lines of a container's log, and traces in /proc of where the runner runs. Decides nothing. */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { commandError, isRefused } from '../docker/callResult.ts'
import { inspectContainers, listContainers } from '../docker/containers.ts'
import type { Container } from '../docker/parseContainer.ts'
import { type Docker, type QueryOptions, query } from '../docker/process.ts'
import type { Volume } from '../docker/volumes.ts'
import { inspectVolumes, listVolumes } from '../docker/volumes.ts'
import { CommandError } from '../errors.ts'
import type { RunnerTraces } from './runnerContainers.ts'

const LOG_LINES = 20
const LOG_DEADLINE_MS = 10_000

/** Returns all containers of the host in any state. Left out are those that are removed meanwhile, and those of ours that only look at something. */
export async function allContainers(docker: Docker, options: QueryOptions = {}): Promise<readonly Container[]> {
  return containersOf(docker, await listContainers(docker, [], options), options)
}

/** Returns those of `references` (ids or names) that exist. */
export async function containersOf(
  docker: Docker,
  references: readonly string[],
  options: QueryOptions = {},
): Promise<readonly Container[]> {
  return inspectContainers(docker, references, options)
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
    return [commandError(docker, argv, 'its log could not be read', output).message]
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
