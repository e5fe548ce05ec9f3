/** Reads an engine's message that it cannot mount a volume: which volume, and the reason without mount options, which may be secret. Pure. */
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

/** Returns the part of an engine's message about a failed mount, without options; `null` if it is about something else. */
export function mountFailureIn(words: string): string | null {
  const found = MOUNT_FAILURE.exec(words)?.[0]
  return found === undefined ? null : withoutMountOptions(found).trim()
}

/**
 * Returns the volumes that an engine's message says could not be mounted. If it names no mount point, as for a driver that has none, every
 * volume of such a driver is returned, unless it may as well be a volume of `others`.
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

/** Makes the sentence for a target whose volume could not be mounted, with the engine's words. */
export function couldNotBeMounted(volume: string, words: string): string {
  return `volume ${volume} could not be mounted: ${mountFailureIn(words) ?? words}. See that what it lies on is there (docker volume inspect ${volume})`
}
