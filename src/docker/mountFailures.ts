/**
 * Reads an engine's message that it cannot mount a volume (which volume, and the reason without mount options, which may be secret), and
 * makes the sentence for it. Pure.
 */
import { withoutMountOptions } from './mountOptions.ts'
import type { Volume } from './volumes.ts'

/** Returns those of `volumes` whose mount point the engine's message contains. */
function volumesNamedIn<T extends Pick<Volume, 'mountpoint'>>(words: string, volumes: readonly T[]): readonly T[] {
  return volumes.filter(({ mountpoint }) => {
    if (!/^\/.+/.test(mountpoint)) return false
    for (let at = words.indexOf(mountpoint); at >= 0; at = words.indexOf(mountpoint, at + 1)) {
      // a longer path that begins so is another volume's
      if (!/[\w.-]/.test(words[at + mountpoint.length] ?? '')) return true
    }
    return false
  })
}

/** Matches the part of a message where an engine, a driver or the runtime says why something could not be mounted. */
const MOUNT_FAILURE =
  /(error while mounting volume|failed to mount local volume|error evaluating symlinks from mount source|VolumeDriver\.Mount|error mounting ).*/s

/** Returns the part of an engine's message about a failed mount, without mount options; `null` if the message is about something else. */
export function mountFailureIn(words: string): string | null {
  const found = MOUNT_FAILURE.exec(words)?.[0]
  return found === undefined ? null : withoutMountOptions(found).trim()
}

/**
 * Returns those of `volumes` that an engine's message says could not be mounted: those whose mount point it names. If it names none of
 * their mount points, the volume may have a driver without one. Then all of `volumes` with a driver other than `local` are returned, unless
 * it may be one of `others` as well, which the same container mounts. Empty if the message is about something else.
 */
export function unmountable<T extends Pick<Volume, 'mountpoint' | 'driver'>>(
  words: string,
  volumes: readonly T[],
  others: readonly Pick<Volume, 'mountpoint' | 'driver'>[] = [],
): readonly T[] {
  if (mountFailureIn(words) === null) return []
  const named = volumesNamedIn(words, volumes)
  if (named.length > 0) return named
  const isOthers = volumesNamedIn(words, others).length > 0 || others.some(({ driver }) => driver !== 'local')
  return isOthers ? [] : volumes.filter(({ driver }) => driver !== 'local')
}

/** Returns the sentence for a folder of the host that the engine did not find when it was to mount it; `null` if `words` are about something else. */
export function missingFolder(words: string): string | null {
  const folder = /bind source path does not exist: (.+)$/m.exec(words)?.[1]?.trim()
  if (folder === undefined) return null
  return `folder ${folder} is not on the Docker host: if it should lie on a disk of its own, mount that disk; else create the folder (mkdir -p), or correct mounts or repository`
}

/** Makes the sentence for a target whose volume could not be mounted, with the engine's words. */
export function couldNotBeMounted(volume: string, words: string): string {
  return `volume ${volume} could not be mounted: ${mountFailureIn(words) ?? words}. See that what it lies on is there (docker volume inspect ${volume})`
}
