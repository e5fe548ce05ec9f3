/** Makes the targets of an instance with `discover: all`: everything on the host that no other instance backs up. Pure. */
import type { DbTarget, Target, VolumeTarget } from '../config/model.ts'
import { type Cover, matchesName, uncoveredData } from './coverage.ts'
import type { HostData, HostDatabase } from './hostData.ts'

export interface AllRequest {
  /** The targets of the host's other instances. */
  readonly others: Cover
  /** Names that are left out; `*` stands for any characters. */
  readonly except: readonly string[]
  readonly stopAttached: boolean
  /** Ids of containers that another run has stopped and will start again. */
  readonly held: readonly string[]
}

export interface FoundTargets {
  readonly targets: readonly Target[]
  /** Sentences for the instance's log about what is left out, and why. */
  readonly remarks: readonly string[]
}

/**
 * Makes the targets, volumes first. A volume in which a dumped database keeps its data is left out. A database that is down, and that no
 * other run has stopped (`held`), cannot be dumped: the volumes of its data are targets in its place, which nothing writes to; without such
 * a volume the database stays a target, and fails.
 */
export function allTargets(data: HostData, { others, except, stopAttached, held }: AllRequest): FoundTargets {
  const isKept = (...names: readonly string[]) => !except.some((one) => names.some((name) => matchesName(one, name)))
  const left = uncoveredData(data, others)
  const wanted = left.databases.filter(({ name, container }) => isKept(name, container.name))
  const isAtRest = ({ container, volumes }: HostDatabase) =>
    container.state === 'down' && volumes.length > 0 && !held.includes(container.id)
  const dumped = wanted.filter((one) => !isAtRest(one))
  const dataOf = new Map(dumped.flatMap(({ name, volumes }) => volumes.map((volume) => [volume, name] as const)))
  const volumes = left.volumes.filter((name) => isKept(name))
  return {
    targets: [
      ...volumes.filter((name) => !dataOf.has(name)).map((name) => volumeTarget(name, stopAttached)),
      ...dumped.map(({ name }) => dbTarget(name)),
    ],
    remarks: [
      ...volumes
        .filter((name) => dataOf.has(name))
        .map(
          (name) => `volume ${name} is left out: it holds the data of database ${dataOf.get(name)}, which is dumped`,
        ),
      ...wanted
        .filter(isAtRest)
        .map(
          ({ name, volumes: own }) =>
            `database ${name} is not running, so that it is not dumped: its data is backed up as volume ${own.join(', ')}`,
        ),
      ...left.restored
        .filter((name) => isKept(name))
        .map(
          (name) =>
            `volume ${name} is left out: a restore made it, and no container uses it. Remove it when you are done: docker volume rm ${name}`,
        ),
    ],
  }
}

/** Makes the target of a volume that nobody described. It may be empty: a new volume is, until something is written to it. */
function volumeTarget(name: string, stopAttached: boolean): VolumeTarget {
  return {
    ...{ kind: 'volume', name, paths: [], exclude: [], stopAttached, staging: null },
    ...{ allowEmpty: true, verify: null, preHook: null, postHook: null, line: null },
  }
}

function dbTarget(container: string): DbTarget {
  return {
    ...{ kind: 'db', container, dbKind: null, databases: [], dumpArgs: [] },
    ...{ preHook: null, postHook: null, line: null },
  }
}
