/** Finds, creates and removes containers. */
import { InstanceError } from '../errors.ts'
import type { CreateCall } from './args.ts'
import { commandError, isRefused, isUnanswered, succeeded } from './callResult.ts'
import { inspectNamed } from './inspectNamed.ts'
import { LOOK, LOOK_DEADLINE_LABEL, LOOK_JOB_LABEL, LOOK_PROCESS_LABEL, VERSION_LABEL } from './labels.ts'
import { missingFolder } from './mountFailures.ts'
import { type Container, parseContainer } from './parseContainer.ts'
import { poll } from './poll.ts'
import { type Docker, type QueryOptions, query, run } from './process.ts'
import { queryWithRetry } from './retry.ts'

/**
 * Inspects the containers that have one of `names` as their full id or name; a missing one is left out. Throws for anything else that
 * docker says, and `InstanceError` for a description that `parseContainer` does not understand. A container whose id only begins with a name
 * does not count.
 */
export async function inspectContainers(
  docker: Docker,
  names: readonly string[],
  options: QueryOptions = {},
): Promise<readonly Container[]> {
  const found = (await inspectNamed(docker, 'container', names, options)).map(parseContainer)
  return found.filter(({ id, name }) => names.includes(id) || names.includes(name))
}

/** Inspects one container; `null` if none has that full id or name. */
export async function inspectContainer(
  docker: Docker,
  name: string,
  options: QueryOptions = {},
): Promise<Container | null> {
  return (await inspectContainers(docker, [name], options))[0] ?? null
}

/**
 * Returns the full ids of the containers, running or not, that fit `filters` (`label=…`, `volume=…`); of all containers if it is empty.
 * Containers of ours that only look at something (label `LOOK`) are left out: nobody needs them, and if a mount hangs in one, the engine
 * answers no question about it.
 */
export async function listContainers(
  docker: Docker,
  filters: readonly string[],
  options: QueryOptions = {},
): Promise<readonly string[]> {
  const format = `{{.ID}} {{.Label "${VERSION_LABEL}"}}`
  const argv = ['ps', '--all', '--no-trunc', '--format', format, ...filters.flatMap((filter) => ['--filter', filter])]
  const stdout = await run(docker, argv, 'containers could not be listed', options)
  return stdout.split('\n').flatMap((line) => {
    const [id = '', version] = line.split(' ')
    return id === '' || version === LOOK ? [] : [id]
  })
}

/** A container of ours that only looks at something. */
export interface Look {
  readonly id: string
  /** In ms since 1970; now if docker's text cannot be read, so that none is taken for an old one. */
  readonly createdAt: number
  /** Time from which anybody may remove it, ms since 1970; `null` for one that looks for a moment only. */
  readonly deadline: number | null
  /** The process that made it, as in `Owner`; empty if it is not told. */
  readonly process: string
}

/** Returns our containers that only look at something: of the job with the id `job`, or of any if it is `null`. */
export async function listLooks(docker: Docker, job: string | null): Promise<readonly Look[]> {
  const filters = [`label=${VERSION_LABEL}=${LOOK}`, ...(job === null ? [] : [`label=${LOOK_JOB_LABEL}=${job}`])]
  const format = `{{.ID}}|{{.CreatedAt}}|{{.Label "${LOOK_DEADLINE_LABEL}"}}|{{.Label "${LOOK_PROCESS_LABEL}"}}`
  const argv = ['ps', '--all', '--no-trunc', '--format', format, ...filters.flatMap((filter) => ['--filter', filter])]
  const stdout = await run(docker, argv, 'containers could not be listed')
  return stdout.split('\n').flatMap((line) => {
    const [id = '', created = '', until = '', process = ''] = line.split('|')
    // 2026-11-27 22:55:01 +0000 UTC
    const [day, time, zone] = created.split(' ')
    const deadline = Date.parse(until)
    return id === ''
      ? []
      : [
          {
            id,
            createdAt: Date.parse(`${day} ${time} ${zone}`) || Date.now(),
            deadline: Number.isNaN(deadline) ? null : deadline,
            process,
          },
        ]
  })
}

export type Created = { readonly kind: 'created'; readonly id: string } | { readonly kind: 'taken' }

/**
 * Creates a container. The engine's create is atomic: of several callers that want the same name one gets it, and the others get `taken`.
 * If the engine does not answer, the container that it may have made is looked for. `what` begins the message of the error that any other
 * failure throws.
 */
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
  if (succeeded(output)) return { kind: 'created', id: output.stdout.trim().split('\n').at(-1) ?? '' }
  if (/Conflict\. The container name .* is already in use/i.test(output.stderr)) return { kind: 'taken' }
  const made = isUnanswered(output) ? await madeUnanswered(docker, call) : null
  if (made !== null) return { kind: 'created', id: made }
  const missing = isRefused(output) ? missingFolder(output.stderr) : null
  throw missing === null ? commandError(docker, what, output) : new InstanceError(docker.redact(missing))
}

/**
 * Returns the id of the container that a create without an answer made: the one of that name, if it has all labels of the call. `null` if
 * there is none, or if it cannot be inspected.
 */
async function madeUnanswered(docker: Docker, call: CreateCall): Promise<string | null> {
  const found = await inspectContainer(docker, call.name).catch(() => null) // the create's own error tells more
  if (found === null) return null
  return Object.entries(call.labels).every(([key, value]) => found.labels[key] === value) ? found.id : null
}

/** Time for which a removal is repeated while the engine does not answer, ms; short, because a cancelled run has only seconds. */
const REMOVE_AGAIN_MS = 5_000
/** Longest wait for a removal that somebody else began, ms. */
const REMOVING_MS = 30_000
/** Pause between two looks whether a container is gone, ms. */
const GONE_POLL_MS = 300

/**
 * Removes a container with its anonymous volumes, even a running one. If it does not exist any more, that is fine. Throws `CommandError` if
 * it stays.
 */
export async function removeContainer(docker: Docker, id: string, options: QueryOptions = {}): Promise<void> {
  const argv = ['rm', '--force', '--volumes', id]
  const output = await queryWithRetry(docker, argv, REMOVE_AGAIN_MS, options)
  if (succeeded(output)) return
  if (/no such container/i.test(output.stderr)) return
  const removedByOther = /removal of container .* is already in progress/i.test(output.stderr)
  if (removedByOther && (await isGone(docker, id))) return
  throw commandError(docker, `container ${id.slice(0, 12)} could not be removed`, output)
}

/**
 * Waits until a container is gone; `false` if it is still there after `REMOVING_MS`. Until it is gone its volumes are in use, and removing
 * another container that has them would leave them behind.
 */
async function isGone(docker: Docker, id: string): Promise<boolean> {
  const gone = async () => ((await inspectContainer(docker, id)) === null ? true : null)
  return (await poll(gone, { everyMs: GONE_POLL_MS, until: Date.now() + REMOVING_MS })) ?? false
}
