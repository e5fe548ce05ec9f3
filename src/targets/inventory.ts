/** Lists all containers and volumes of the host. */
import { listContainers } from '../docker/containers.ts'
import { inspectListed, type Listed } from '../docker/listed.ts'
import type { Docker } from '../docker/process.ts'
import { inspectVolumes, listVolumes, type Volume } from '../docker/volumes.ts'

/** All containers, in any state, and all volumes of the host. */
export interface HostInventory extends Listed {
  readonly volumes: readonly Volume[]
}

/** Asks the engine for everything on the host. Throws `CommandError` if it does not answer for all of it. */
export async function readInventory(docker: Docker, signal: AbortSignal): Promise<HostInventory> {
  const [listed, volumes] = await Promise.all([
    listContainers(docker, [], { signal }).then((ids) => inspectListed(docker, ids, { signal })),
    listVolumes(docker, [], { signal }).then((names) => inspectVolumes(docker, names, { signal })),
  ])
  return { ...listed, volumes }
}
