/** Reads the labels of the host's volumes and containers into targets of the instances. */

import {
  type Discovery,
  discoverByLabel,
  isMarinaLabel,
  type LabelInstance,
  type LabelledObject,
} from '../config/discoveryLabels.ts'
import type { Target } from '../config/model.ts'
import { isOurs } from '../docker/labels.ts'
import type { OddContainer } from '../docker/listed.ts'
import type { Container } from '../docker/parseContainer.ts'
import type { Docker, QueryOptions } from '../docker/process.ts'
import { InstanceError } from '../errors.ts'
import { joinSentences } from '../format.ts'
import type { HostInventory } from './inventory.ts'
import { lastingName, standingFor } from './services.ts'
import { whereabouts } from './swarm.ts'

export interface Discovered {
  /** Returns the targets of one instance as far as its labels can be followed. */
  readonly namedFor: (instance: string) => readonly Target[]
  /** Returns the targets of one instance. Throws an `InstanceError` if labels for it cannot be followed: it must not count as complete. */
  readonly targetsOf: (instance: string) => readonly Target[]
  /** Returns a sentence for each label of one instance that cannot be followed. */
  readonly errorsOf: (instance: string) => readonly string[]
  readonly warnings: readonly string[]
  readonly notices: readonly string[]
}

/** Reads the labels of everything on the host into targets of `instances`, which are all of the configuration. */
export async function discover(
  docker: Docker,
  { containers, odd, volumes }: HostInventory,
  instances: readonly LabelInstance[],
  signal: AbortSignal,
): Promise<Discovered> {
  const skipped = odd.map(skipUnlabelled)
  const names = new Set(containers.map(({ name }) => name))
  // of all containers: the newest one of a service may have lost the labels of the ones before it
  const { standing, idle } = standingFor(containers)
  const { due, warnings } = await judgeIdle(docker, idle.filter(isLabelled), { signal })
  const objects: LabelledObject[] = [
    ...volumes
      .filter(isLabelled)
      .map((volume) => ({ kind: 'volume' as const, name: volume.name, labels: volume.labels })),
    ...[...standing.filter(isLabelled), ...due].map((container) => ({
      kind: 'container' as const,
      // a container of that very name would be found in the service's place
      name: names.has(lastingName(container)) ? container.name : lastingName(container),
      labels: container.labels,
    })),
  ]
  const found: Discovery = discoverByLabel(objects, instances)
  const errorsOf = (instance: string) => found.errors.get(instance) ?? []
  return {
    errorsOf,
    warnings: [...found.warnings, ...warnings, ...skipped],
    notices: found.notices,
    namedFor: (instance) => found.targets.get(instance) ?? [],
    targetsOf(instance) {
      const errors = errorsOf(instance)
      if (errors.length > 0) throw new InstanceError(joinSentences(errors))
      return found.targets.get(instance) ?? []
    },
  }
}

/**
 * Returns the warning that a container is left out which the engine describes oddly. Throws an `InstanceError` if it may be labelled for a
 * backup.
 */
function skipUnlabelled({ name, labels, why }: OddContainer): string {
  if (labels === null || labels.some(isMarinaLabel))
    throw new InstanceError(
      `container ${name} may have labels for a backup, and ${why}. Create it anew, or list targets`,
    )
  return `container ${name} is left out, as it has no labels for a backup: ${why}`
}

/** Tells whether an object has a label of Marina's. False for our own containers, which have the labels of their images. */
function isLabelled({ labels }: Pick<LabelledObject, 'labels'>): boolean {
  return !isOurs(labels) && Object.keys(labels).some(isMarinaLabel)
}

/**
 * Sorts the newest tasks (`idle`) of swarm services of which nothing runs on this host. `due`: the service is meant to run here. Its task
 * stays a target, and fails as such, so that no run passes without it. The others become a warning each.
 */
async function judgeIdle(
  docker: Docker,
  idle: readonly Container[],
  options: QueryOptions,
): Promise<{ readonly due: readonly Container[]; readonly warnings: readonly string[] }> {
  const judged = await Promise.all(
    idle.map(async (task) => ({ task, place: await whereabouts(docker, task, options) })),
  )
  return {
    due: judged.flatMap(({ task, place }) => (place.kind === 'here' ? [task] : [])),
    warnings: judged.flatMap(({ task, place }) =>
      place.kind === 'here'
        ? []
        : [
            `service "${lastingName(task)}" has labels for a backup, but ${place.why}: nothing of it is backed up here (docker rm ${task.name} ends this warning)`,
          ],
    ),
  }
}
