/** Finds what there is to back up on a host: its named volumes, and its database containers with the volumes of their data. Pure. */
import { LABEL_PREFIX, readYes, splitList } from '../config/discoveryLabels.ts'
import { databaseIn, keepsDataAt } from '../databases/detect.ts'
import type { DbKind } from '../databases/engines.ts'
import { isOurs, RESTORE_LABEL } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import type { Volume } from '../docker/volumes.ts'
import type { HostInventory } from './inventory.ts'
import { lastingName, standingFor } from './services.ts'

/** A container that holds a database. */
export interface HostDatabase {
  /** Name of the container, as a `db` target writes it. */
  readonly name: string
  readonly container: Container
  readonly kind: DbKind
  /** Names of the named volumes in which it keeps its data. */
  readonly volumes: readonly string[]
}

export interface HostData {
  /** The named volumes, in the order of their names. */
  readonly volumes: readonly string[]
  /** In the order of their names. */
  readonly databases: readonly HostDatabase[]
  /** Names of the volumes that restores made and that no container uses; they are not in `volumes`. */
  readonly restored: readonly string[]
}

/** Docker's label on a volume that nobody named. */
const ANONYMOUS = 'com.docker.volume.anonymous'

/**
 * Returns the data of a host. Left out are our own objects, anonymous volumes, the runner's containers (the ids `runner`) with their volumes,
 * and everything that the label `enabled` with `false` leaves out: on a container it also holds for the volumes that it lists, and for
 * those in which its database keeps its data. A volume that a restore made counts once a container uses it: until then it is a copy for
 * somebody to look at.
 */
export function hostData({ containers, volumes }: Omit<HostInventory, 'odd'>, runner: readonly string[]): HostData {
  const isRunner = ({ id }: Container) => runner.includes(id)
  const applications = containers.filter((one) => !isOurs(one.labels) && !isRunner(one))
  const used = new Set(applications.flatMap(({ mounts }) => mounts.map(({ name }) => name)))
  const isLeftover = ({ name, labels }: Volume) => labels[RESTORE_LABEL] !== undefined && !used.has(name)
  const allNamed = volumes.filter(isNamed)
  const named = allNamed.filter((one) => !isLeftover(one)).map(({ name }) => name)
  const leftOut = new Set([
    ...containers.filter(isRunner).flatMap(({ mounts }) => mounts.map(({ name }) => name)),
    ...volumes.filter(({ labels }) => isLeftOut(labels)).map(({ name }) => name),
    ...applications.filter(({ labels }) => isLeftOut(labels)).flatMap(volumesWith),
  ])
  const names = new Set(applications.map(({ name }) => name))
  const databases = standingFor(applications).standing.flatMap((container): HostDatabase[] => {
    const kind = databaseOf(container)
    if (kind === null || isLeftOut(container.labels)) return []
    const lasting = lastingName(container)
    const data = dataVolumes(container, kind).filter((name) => named.includes(name) && !leftOut.has(name))
    // a container of that very name would be found in the service's place
    return [{ name: names.has(lasting) ? container.name : lasting, container, kind, volumes: data }]
  })
  return {
    volumes: named.filter((name) => !leftOut.has(name)).sort(),
    databases: databases.sort((a, b) => (a.name < b.name ? -1 : 1)),
    restored: allNamed
      .filter(isLeftover)
      .map(({ name }) => name)
      .sort(),
  }
}

function isNamed({ name, labels }: Volume): boolean {
  return !isOurs(labels) && labels[ANONYMOUS] === undefined && !/^[0-9a-f]{64}$/.test(name)
}

function isLeftOut(labels: Readonly<Record<string, string>>): boolean {
  return readYes(labels[`${LABEL_PREFIX}enabled`]) === false
}

function databaseOf({ image, command, environment }: Container): DbKind | null {
  return databaseIn({ image, command, env: environment })
}

function dataVolumes({ command, mounts }: Container, kind: DbKind): readonly string[] {
  const names = mounts.flatMap(({ name, target }) =>
    name !== null && keepsDataAt(kind, command, target.replace(/(?<=.)\/+$/, '')) ? [name] : [],
  )
  return [...new Set(names)]
}

/** Returns the volumes to which a label of their container extends: those that its label `volumes` lists, and its database's. */
function volumesWith(container: Container): readonly string[] {
  const kind = databaseOf(container)
  return [
    ...splitList(container.labels[`${LABEL_PREFIX}volumes`]),
    ...(kind === null ? [] : dataVolumes(container, kind)),
  ]
}
