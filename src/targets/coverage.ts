/** Finds what no instance of a host backs up. Pure. */
import type { HostData, HostDatabase } from './hostData.ts'

/** Names that instances back up or leave out on purpose; `*` in one stands for any characters. */
export interface Cover {
  readonly volumes: readonly string[]
  readonly databases: readonly string[]
}

export const NO_COVER: Cover = { volumes: [], databases: [] }

export function joinCovers(covers: readonly Cover[]): Cover {
  return {
    volumes: covers.flatMap(({ volumes }) => volumes),
    databases: covers.flatMap(({ databases }) => databases),
  }
}

/** Tells whether a pattern, in which `*` stands for any characters, matches the whole name. */
export function matchesName(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name)
}

/**
 * Returns the data that is not covered. The volumes of a covered database count as covered, because it is dumped; so does a database whose
 * data lies in covered volumes alone. `restored` stays as it is.
 */
export function uncoveredData(data: HostData, cover: Cover): HostData {
  const dumped = data.databases.filter((one) => isNamedIn(cover, one))
  const covered = new Set([
    ...data.volumes.filter((name) => cover.volumes.some((pattern) => matchesName(pattern, name))),
    ...dumped.flatMap(({ volumes }) => volumes),
  ])
  const isSafe = ({ volumes }: HostDatabase) => volumes.length > 0 && volumes.every((name) => covered.has(name))
  return {
    volumes: data.volumes.filter((name) => !covered.has(name)),
    databases: data.databases.filter((one) => !dumped.includes(one) && !isSafe(one)),
    restored: data.restored,
  }
}

/** Tells whether a target names the database: by its container's name or id, or as a task of swarm by its service. */
function isNamedIn({ databases }: Cover, { name, container }: HostDatabase): boolean {
  return databases.some((pattern) => [name, container.name, container.id].some((one) => matchesName(pattern, one)))
}
