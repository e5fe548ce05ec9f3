/**
 * Inspects containers whose ids the caller has listed. One that the engine describes in a way that cannot be understood does not hide the rest:
 * of it only is known what the engine's list (`docker ps`) says.
 */
import { z } from 'zod'
import { InstanceError } from '../errors.ts'
import { inspectContainers } from './containers.ts'
import { inspectNamed } from './inspectNamed.ts'
import { type Container, parseContainer } from './parseContainer.ts'
import { type Docker, type QueryOptions, run } from './process.ts'

/** A container whose description cannot be understood, as the engine lists it. */
export interface OddContainer {
  readonly id: string
  /** Name of the container, or its short id if the list does not tell the name. */
  readonly name: string
  /** False only if the list says that it does not run. */
  readonly mayRun: boolean
  /** Mounts of the container: names of volumes, and paths on the host. `null` if the list does not tell them. */
  readonly mounts: readonly string[] | null
  /** The keys of its labels. A value with a comma adds false ones. `null` if the list does not tell them. */
  readonly labels: readonly string[] | null
  /** The reason why its description cannot be understood, in one sentence. */
  readonly why: string
}

export interface Listed {
  readonly containers: readonly Container[]
  readonly odd: readonly OddContainer[]
}

/** Inspects the containers with these full ids. One that does not exist any more is left out. Throws `CommandError` for what docker says. */
export async function inspectListed(
  docker: Docker,
  ids: readonly string[],
  options: QueryOptions = {},
): Promise<Listed> {
  const described = await inspectNamed(docker, 'container', ids, options)
  const containers = described.flatMap((one) => {
    const parsed = understood(one)
    return parsed === null || !ids.includes(parsed.id) ? [] : [parsed]
  })
  if (containers.length === described.length) return { containers, odd: [] }
  const known = new Set(containers.map(({ id }) => id))
  const odd: OddContainer[] = []
  for (const id of ids.filter((one) => !known.has(one))) {
    const why = await whyOdd(docker, id, options)
    if (why !== null) odd.push(await listedAs(docker, id, why, options))
  }
  return { containers, odd }
}

function understood(described: unknown): Container | null {
  try {
    return parseContainer(described)
  } catch (error) {
    if (error instanceof InstanceError) return null
    throw error
  }
}

/** Says why a container cannot be understood; `null` if it does not exist any more. */
async function whyOdd(docker: Docker, id: string, options: QueryOptions): Promise<string | null> {
  try {
    await inspectContainers(docker, [id], options)
    return null
  } catch (error) {
    if (error instanceof InstanceError) return error.message
    throw error
  }
}

const text = z.string().catch('')
const listLine = z.object({ Names: text, State: text, Mounts: z.string().nullish(), Labels: z.string().nullish() })

async function listedAs(docker: Docker, id: string, why: string, options: QueryOptions): Promise<OddContainer> {
  const argv = ['ps', '--all', '--no-trunc', '--filter', `id=${id}`, '--format', '{{json .}}']
  const line = readLine(await run(docker, argv, 'containers could not be listed', options))
  return {
    id,
    name: line?.Names || id.slice(0, 12),
    mayRun: !['created', 'exited', 'dead'].includes(line?.State ?? ''),
    mounts: parts(line?.Mounts),
    labels: parts(line?.Labels)?.map((label) => label.split('=')[0] ?? '') ?? null,
    why,
  }
}

function readLine(line: string): z.infer<typeof listLine> | null {
  try {
    return listLine.parse(JSON.parse(line))
  } catch {
    return null // nothing is known of it then
  }
}

function parts(list: string | null | undefined): readonly string[] | null {
  return list === null || list === undefined ? null : list.split(',').filter((part) => part !== '')
}
