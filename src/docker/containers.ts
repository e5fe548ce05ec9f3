/** Containers as the engine tells of them, and the few things done to them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CreateCall } from './args.ts'
import { commandError, type Docker, isUnanswered, type QueryOptions, query, run } from './process.ts'
import { queryWithRetry } from './retry.ts'

export interface ContainerState {
  readonly status: string
  readonly running: boolean
  readonly paused: boolean
  /** The zero time of Go (`0001-…`) where it never started. */
  readonly startedAt: string
  readonly finishedAt: string
  readonly exitCode: number
  readonly oomKilled: boolean
  readonly error: string
}

export interface Inspected {
  readonly id: string
  readonly name: string
  readonly createdAt: string
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
  readonly state: ContainerState
  readonly mounts: readonly { readonly type: string; readonly name: string; readonly target: string }[]
  /** All that the engine said; parsed by whoever needs more. */
  readonly raw: unknown
}

/** The containers that exist of those named; a missing one is left out. Anything else that docker says throws. */
export async function inspectContainers(
  docker: Docker,
  names: readonly string[],
  options: QueryOptions = {},
): Promise<readonly Inspected[]> {
  if (names.length === 0) return []
  const argv = ['container', 'inspect', ...names]
  const output = await query(docker, argv, options)
  const missing = output.stderr.split('\n').filter((line) => /no such container/i.test(line)).length
  const what = 'containers could not be inspected'
  if (output.ended.kind !== 'exit' || (output.ended.code !== 0 && missing === 0))
    throw commandError(docker, argv, what, output)
  const found = JSON.parse(output.stdout || '[]') as RawContainer[]
  // one that could not be asked about, beside one that is missing, must not pass for missing
  if (found.length + missing < names.length) throw commandError(docker, argv, what, output)
  return found.map(parseContainer)
}

/** One container, or `null` where there is none of that id or name. */
export async function inspectContainer(
  docker: Docker,
  name: string,
  options: QueryOptions = {},
): Promise<Inspected | null> {
  return (await inspectContainers(docker, [name], options))[0] ?? null
}

/** Ids of containers, running or not, that fit all filters (`label=…`, `volume=…`). */
export async function listContainers(
  docker: Docker,
  filters: readonly string[],
  options: QueryOptions = {},
): Promise<readonly string[]> {
  const argv = ['ps', '--all', '--quiet', '--no-trunc', ...filters.flatMap((filter) => ['--filter', filter])]
  const stdout = await run(docker, argv, 'containers could not be listed', options)
  return stdout.split('\n').filter((line) => line !== '')
}

export type Created = { readonly kind: 'created'; readonly id: string } | { readonly kind: 'taken' }

/** `docker create`, which is atomic in the engine: of many that want one name, one gets it, the others are told `taken`. */
export async function createContainer(
  docker: Docker,
  call: CreateCall,
  what: string,
  options: QueryOptions = {},
): Promise<Created> {
  const output = await query(docker, call.argv, {
    ...options,
    env: call.env,
    ...(call.input ? { input: call.input } : {}),
  })
  if (output.ended.kind === 'exit' && output.ended.code === 0)
    return { kind: 'created', id: output.stdout.trim().split('\n').at(-1) ?? '' }
  if (/Conflict\. The container name .* is already in use/i.test(output.stderr)) return { kind: 'taken' }
  const made = isUnanswered(output) ? await madeUnanswered(docker, call) : null
  if (made !== null) return { kind: 'created', id: made }
  throw commandError(docker, call.argv, what, output)
}

/** The client died after the engine had done its work: the container of that name is ours where it bears all of our labels. */
async function madeUnanswered(docker: Docker, call: CreateCall): Promise<string | null> {
  const found = await inspectContainer(docker, call.name).catch(() => null) // what the create said is the reason
  if (found === null) return null
  return Object.entries(call.labels).every(([key, value]) => found.labels[key] === value) ? found.id : null
}

/** How long a removal is asked for again where nobody answers, ms; short, since a cancelled run has seconds. */
const REMOVE_AGAIN_MS = 5_000
/** For a removal that somebody else began, ms. */
const REMOVING_MS = 30_000

/** Removes a container with its anonymous volumes, whatever it does. One that is gone already is fine. */
export async function removeContainer(docker: Docker, id: string, options: QueryOptions = {}): Promise<void> {
  const argv = ['rm', '--force', '--volumes', id]
  const output = await queryWithRetry(docker, argv, REMOVE_AGAIN_MS, options)
  if (output.ended.kind === 'exit' && output.ended.code === 0) return
  if (/no such container/i.test(output.stderr)) return
  const removedByOther = /removal of container .* is already in progress/i.test(output.stderr)
  if (removedByOther && (await isGone(docker, id))) return
  throw commandError(docker, argv, `container ${id.slice(0, 12)} could not be removed`, output)
}

/** Until it is gone its volumes are in use, and whoever removes the next container that has them leaves them behind. */
async function isGone(docker: Docker, id: string): Promise<boolean> {
  const until = Date.now() + REMOVING_MS
  while ((await inspectContainer(docker, id)) !== null) {
    if (Date.now() > until) return false
    await sleep(300)
  }
  return true
}

interface RawContainer {
  readonly Id: string
  readonly Name: string
  readonly Created: string
  readonly Image: string
  readonly Config?: { readonly Labels?: Record<string, string> | null }
  readonly State: {
    readonly Status: string
    readonly Running: boolean
    readonly Paused: boolean
    readonly StartedAt: string
    readonly FinishedAt: string
    readonly ExitCode: number
    readonly OOMKilled: boolean
    readonly Error: string
  }
  readonly Mounts?: readonly { readonly Type: string; readonly Name?: string; readonly Destination: string }[]
}

function parseContainer(raw: RawContainer): Inspected {
  return {
    id: raw.Id,
    name: raw.Name.replace(/^\//, ''),
    createdAt: raw.Created,
    image: raw.Image,
    labels: raw.Config?.Labels ?? {},
    state: {
      status: raw.State.Status,
      running: raw.State.Running,
      paused: raw.State.Paused,
      startedAt: raw.State.StartedAt,
      finishedAt: raw.State.FinishedAt,
      exitCode: raw.State.ExitCode,
      oomKilled: raw.State.OOMKilled,
      error: raw.State.Error,
    },
    mounts: (raw.Mounts ?? []).map((mount) => ({
      type: mount.Type,
      name: mount.Name ?? '',
      target: mount.Destination,
    })),
    raw,
  }
}
