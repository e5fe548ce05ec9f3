/** From what an instance names to what is there: each target inspected, and how its data will come under `/backup`. Nothing is created or changed. */

import type { DbTarget, Target, VolumeTarget } from '../config/model.ts'
import { inspectContainer, inspectContainers, listContainers } from '../docker/containers.ts'
import { isOurs } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import type { Docker, QueryOptions } from '../docker/process.ts'
import { commandError, query } from '../docker/process.ts'
import { inspectVolumes, type Volume } from '../docker/volumes.ts'
import type { ContainerFacts } from '../dump/dump.ts'
import { decideStaging, type EngineTraits, type Staging } from './staging.ts'

/** A container that has a target's data, as it stands in the manifest: a restore needs its image. */
export interface SourceContainer {
  readonly name: string
  /** Image reference as the container was created with. */
  readonly image: string
  readonly imageId: string
  /** `sha256:…` in the registry; `null` for an image that was never in one. */
  readonly digest: string | null
}

export interface VolumeSource {
  readonly kind: 'volume'
  readonly target: VolumeTarget
  readonly volume: Volume
  readonly staging: Staging
  /** Containers that have the volume, running or not. */
  readonly containers: readonly SourceContainer[]
}

export interface DbSource {
  readonly kind: 'db'
  readonly target: DbTarget
  readonly container: Container
  readonly facts: ContainerFacts
  readonly containers: readonly SourceContainer[]
}

export interface Unresolved {
  readonly kind: 'unresolved'
  readonly target: Target
  /** One sentence. */
  readonly error: string
}

export type Resolved = VolumeSource | DbSource | Unresolved

/** Looks at each target. A missing volume, or a staging that cannot be had, fails that target alone. */
export async function resolveTargets(
  docker: Docker,
  engine: EngineTraits,
  hostName: string,
  targets: readonly Target[],
  options: QueryOptions,
): Promise<readonly Resolved[]> {
  const wanted = targets.filter((target) => target.kind === 'volume')
  const volumes = new Map(
    (
      await inspectVolumes(
        docker,
        wanted.map((target) => target.name),
        options,
      )
    ).map((volume) => [volume.name, volume]),
  )
  const where = (target: Target) =>
    target.line === null ? '' : `, or remove it from line ${target.line} of the configuration`
  const one = async (target: Target): Promise<Resolved> => {
    if (target.kind === 'db') {
      const container = await inspectContainer(docker, target.container, options)
      if (!container)
        return {
          kind: 'unresolved',
          target,
          error: `database container ${target.container} does not exist on host ${hostName}: start it${where(target)}`,
        }
      return {
        kind: 'db',
        target,
        container,
        facts: factsOf(container),
        containers: await describe(docker, [container], options),
      }
    }
    const volume = volumes.get(target.name)
    if (!volume)
      return {
        kind: 'unresolved',
        target,
        error: `volume ${target.name} does not exist on host ${hostName}: create it${where(target)}`,
      }
    const staging = decideStaging(target, volume, engine)
    if (staging.kind === 'refused') return { kind: 'unresolved', target, error: staging.why }
    const ids = await listContainers(docker, [`volume=${volume.name}`], options)
    const containers = (await inspectContainers(docker, ids, options)).filter((container) => !isOurs(container.labels))
    return { kind: 'volume', target, volume, staging, containers: await describe(docker, containers, options) }
  }
  return Promise.all(targets.map(one))
}

/** Containers with their images by digest, for the manifest. */
async function describe(
  docker: Docker,
  containers: readonly Container[],
  options: QueryOptions,
): Promise<readonly SourceContainer[]> {
  const digests = await imageDigests(docker, [...new Set(containers.map((container) => container.imageId))], options)
  return containers.map((container) => ({
    name: container.name,
    image: container.image,
    imageId: container.imageId,
    digest: digests.get(container.imageId) ?? null,
  }))
}

/** Image ids to the digests their registries know them by. An image that is gone is left out: its container may outlive it. */
async function imageDigests(
  docker: Docker,
  ids: readonly string[],
  options: QueryOptions,
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const format = '{{.Id}} {{range .RepoDigests}}{{.}} {{end}}'
  const argv = ['image', 'inspect', '--format', format, ...ids]
  const output = await query(docker, argv, options)
  const isAnswered = output.ended.kind === 'exit' && (output.ended.code === 0 || /no such image/i.test(output.stderr))
  if (!isAnswered) throw commandError(docker, argv, 'images could not be inspected', output)
  const rows = output.stdout.split('\n').map((line) => line.trim().split(' '))
  return new Map(rows.flatMap(([id, first]) => (id && first ? [[id, first.split('@')[1] ?? ''] as const] : [])))
}

function factsOf(container: Container): ContainerFacts {
  return {
    id: container.id,
    name: container.name,
    image: container.image,
    env: container.environment,
    cmd: container.command,
    running: container.state === 'running',
  }
}
