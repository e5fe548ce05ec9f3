/** Finds a running database that writes to a volume while it is read, and makes the warning: such files may not fit together. Pure. */
import type { Target } from '../config/model.ts'
import { databaseAt } from '../databases/detect.ts'
import type { DbKind } from '../databases/engines.ts'
import type { Container } from '../docker/parseContainer.ts'
import { lastingName } from './services.ts'

export interface LiveDatabase {
  readonly kind: DbKind
  /** Name of the container, as a `db` target writes it: for a task of swarm the service's. */
  readonly container: string
}

/**
 * Returns the first running (or restarting) database that has the volume mounted, writable, where its data lies; `null` if none is known.
 * `users`: the containers that mount the volume.
 */
export function databaseOn(volume: string, users: readonly Container[]): LiveDatabase | null {
  for (const user of users.filter((one) => one.state === 'running' || one.state === 'restarting')) {
    for (const mount of user.mounts.filter((one) => one.name === volume && one.writable)) {
      const kind = databaseAt(user, mount.target)
      if (kind !== null) return { kind, container: lastingName(user) }
    }
  }
  return null
}

/**
 * Makes the warning that the volume is read while the database writes to it. `targets`: all of the instance, because the advice differs if
 * a dump of the database is among them.
 */
export function warnOfLiveDatabase(
  volume: string,
  { kind, container }: LiveDatabase,
  targets: readonly Target[],
): string {
  const isDumped = targets.some((target) => target.kind === 'db' && target.container === container)
  const cure = isDumped
    ? `Its dump is a target already (db: ${container}): take this volume out, or set stopAttached: true on it`
    : `Back it up by its dump (db: ${container} in place of this volume), or set stopAttached: true on it`
  return `volume ${volume} is the data directory of a running ${kind} server (container "${container}"): files that are read while it writes may not fit together, and such a backup cannot be relied on. ${cure}`
}
