/** Reads the labels of the host's volumes and containers into targets of the instances. */

import {
  type Discovery,
  discoverByLabel,
  isMarinaLabel,
  type LabelInstance,
  type LabelledObject,
} from '../config/discoveryLabels.ts'
import type { Target } from '../config/model.ts'
import { inspectContainers, listContainers } from '../docker/containers.ts'
import { isOurs } from '../docker/labels.ts'
import type { Docker } from '../docker/process.ts'
import { inspectVolumes, listVolumes } from '../docker/volumes.ts'
import { InstanceError } from '../errors.ts'
import { lastingName, standingFor } from './services.ts'

interface Discovered {
  /** Targets of one instance. Throws an `InstanceError` where its labels cannot be followed: it must not pass as complete. */
  readonly targetsOf: (instance: string) => readonly Target[]
  readonly warnings: readonly string[]
  readonly notices: readonly string[]
}

export async function discover(
  docker: Docker,
  instances: readonly LabelInstance[],
  signal: AbortSignal,
): Promise<Discovered> {
  const [containers, volumes] = await Promise.all([
    listContainers(docker, [], { signal }).then((ids) => inspectContainers(docker, ids, { signal })),
    listVolumes(docker, [], { signal }).then((names) => inspectVolumes(docker, names, { signal })),
  ])
  const names = new Set(containers.map(({ name }) => name))
  const { standing, ended } = standingFor(containers.filter(isLabelled))
  const objects: LabelledObject[] = [
    ...volumes
      .filter(isLabelled)
      .map((volume) => ({ kind: 'volume' as const, name: volume.name, labels: volume.labels })),
    ...standing.map((container) => ({
      kind: 'container' as const,
      // a container of that very name would be found in the service's place
      name: names.has(lastingName(container)) ? container.name : lastingName(container),
      labels: container.labels,
    })),
  ]
  const found: Discovery = discoverByLabel(objects, instances)
  return {
    warnings: [...found.warnings, ...ended.map(endedService)],
    notices: found.notices,
    targetsOf(instance) {
      const errors = found.errors.get(instance) ?? []
      if (errors.length > 0) throw new InstanceError(errors.join('; '))
      return found.targets.get(instance) ?? []
    },
  }
}

/** Ours carry the labels of their images, too. */
function isLabelled({ labels }: Pick<LabelledObject, 'labels'>): boolean {
  return !isOurs(labels) && Object.keys(labels).some(isMarinaLabel)
}

function endedService(service: string): string {
  return `service "${service}" has labels for a backup, and none of its tasks runs on this host: nothing of it is backed up here`
}
