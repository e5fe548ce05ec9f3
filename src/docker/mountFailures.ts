/** Reads an engine's message that it cannot mount a volume: which volume, and the reason without mount options, which may be secret. Pure. */
import type { Volume } from './volumes.ts'

/** Matches names of mount options whose values may be secret, or that nobody needs to see. */
const SECRET_OPTION = /^(pass(word|wd|phrase)?\d?|pw|user(name)?|cred(ential)?s?|token|.*(secret|key|token|password))$/i

/** Removes mount options, and what stands before the `@` of an address, from an engine's message. */
export function withoutMountOptions(words: string): string {
  if (!/mount/i.test(words)) return words
  return (
    words
      // the engine gives all options of a failed mount before its reason: `mount SOURCE:TARGET, data: OPTIONS: REASON`
      .replace(/(, data: )[^\n]*(?=: [^:\n]*$)/gm, '$1***')
      .replace(/\b([\w-]+)=([^,\s'"]+)/gi, (whole, key: string) => (SECRET_OPTION.test(key) ? `${key}=***` : whole))
      .replace(/(\/\/)[^/@\s]+@/g, '$1***@')
  )
}

/** Returns a volume's options with `***` for each value that may be secret: `o=addr=nas,password=***`. */
export function shownOptions(options: Volume['options']): Volume['options'] {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, SECRET_OPTION.test(key) ? '***' : shownValue(value)]),
  )
}

/** Masks secret options in a list. A secret may contain a comma, so everything behind one is masked too. */
function shownValue(value: string): string {
  const parts = value.split(',')
  const first = parts.findIndex((part) => SECRET_OPTION.test(part.split('=')[0] ?? '') && part.includes('='))
  if (first < 0) return value.replace(/(\/\/)[^/@\s]+@/g, '$1***@')
  const isPlain = (part: string) => /^[a-z0-9_]+(=[\w./:-]*)?$/i.test(part)
  return parts
    .map((part, index) => {
      const [key = ''] = part.split('=')
      if (SECRET_OPTION.test(key) && part.includes('=')) return `${key}=***`
      return index < first || isPlain(part) ? part : '***'
    })
    .join(',')
}

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
 * volume of such a driver is returned.
 */
export function unmountable<T extends Pick<Volume, 'mountpoint' | 'driver'>>(
  words: string,
  volumes: readonly T[],
): readonly T[] {
  if (mountFailureIn(words) === null) return []
  const named = volumesNamedIn(words, volumes)
  return named.length > 0 ? named : volumes.filter(({ driver }) => driver !== 'local')
}

/** Makes the sentence for a target whose volume could not be mounted, with the engine's words. */
export function couldNotBeMounted(volume: string, words: string): string {
  return `volume ${volume} could not be mounted: ${mountFailureIn(words) ?? words}. See that what it lies on is there (docker volume inspect ${volume})`
}
