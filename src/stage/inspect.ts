/** Asking the engine, and the runner's own machine, for what `quiesce` decides on. */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { commandError, type Docker, query, run } from '../docker/process.ts'
import { type Container, parseContainer, parseVolume, type Volume } from './container.ts'
import type { OwnTraces } from './ownContainer.ts'

const LOG_LINES = 20
const LOG_DEADLINE_MS = 10_000

/** All containers of the host, whatever their state. One that is removed meanwhile is left out. */
export async function listContainers(docker: Docker, signal?: AbortSignal): Promise<readonly Container[]> {
  const ids = await run(
    docker,
    ['ps', '-aq', '--no-trunc'],
    'the containers could not be listed',
    signal ? { signal } : {},
  )
  return inspectContainers(docker, words(ids), signal)
}

/** All volumes of the host. One that is removed meanwhile is left out. */
export async function listVolumes(docker: Docker, signal?: AbortSignal): Promise<readonly Volume[]> {
  const names = await run(docker, ['volume', 'ls', '-q'], 'the volumes could not be listed', signal ? { signal } : {})
  return (await inspectAll(docker, ['volume', 'inspect'], words(names), 'volumes', signal)).map(parseVolume)
}

/** Those of `references` (ids or names) that exist. Anything but "no such container" throws. */
export async function inspectContainers(
  docker: Docker,
  references: readonly string[],
  signal?: AbortSignal,
): Promise<readonly Container[]> {
  return (await inspectAll(docker, ['container', 'inspect'], references, 'containers', signal)).map(parseContainer)
}

async function inspectAll(
  docker: Docker,
  verb: readonly string[],
  references: readonly string[],
  what: string,
  signal?: AbortSignal,
): Promise<readonly unknown[]> {
  if (references.length === 0) return []
  const argv = [...verb, '--', ...references]
  const output = await query(docker, argv, signal ? { signal } : {})
  const onlyMissing =
    output.ended.kind === 'exit' &&
    output.stderr
      .split('\n')
      .filter((line) => line.trim() !== '')
      .every((line) => /no such (container|volume|object)/i.test(line))
  if (!onlyMissing) throw commandError(docker, argv, `the ${what} could not be inspected`, output)
  return JSON.parse(output.stdout)
}

/** The last lines that a container printed since `since` (the engine's time; `null`: ever), oldest first, without secrets. Says so where its log cannot be read. */
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

/** What the runner's process sees of itself. A machine without /proc has no traces. */
export async function readOwnTraces(): Promise<OwnTraces> {
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

function words(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}
