/** What the labels of the host's volumes and containers give to the instances. Asked once a run, and only where an instance has no targets. */

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

export interface Discovered {
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
  const objects: LabelledObject[] = [
    ...volumes.map((volume) => ({ kind: 'volume' as const, name: volume.name, labels: volume.labels })),
    ...containers.map((container) => ({ kind: 'container' as const, name: container.name, labels: container.labels })),
  ].filter((object) => !isOurs(object.labels) && Object.keys(object.labels).some(isMarinaLabel))
  const found: Discovery = discoverByLabel(objects, instances)
  return {
    warnings: found.warnings,
    notices: found.notices,
    targetsOf(instance) {
      const errors = found.errors.get(instance) ?? []
      if (errors.length > 0) throw new InstanceError(errors.join('; '))
      return found.targets.get(instance) ?? []
    },
  }
}
