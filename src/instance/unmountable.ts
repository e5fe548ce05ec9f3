/** Volumes that the engine cannot mount, though they are there: each fails its own target, and the rest goes on. Pure. */
import { couldNotBeMounted, unmountable } from '../docker/mountFailures.ts'
import { CommandError, InstanceError } from '../errors.ts'
import type { VolumeSource } from '../targets/resolve.ts'

/** The sources whose volumes an error says could not be mounted, each with its sentence; none where it speaks of something else. */
export function unmountableIn(error: unknown, sources: readonly VolumeSource[]): ReadonlyMap<VolumeSource, string> {
  if (!(error instanceof CommandError || error instanceof InstanceError)) return new Map()
  const { message } = error
  const volumes = unmountable(
    message,
    sources.map((source) => source.volume),
  )
  return new Map(
    sources
      .filter(({ volume }) => volumes.includes(volume))
      .map((source) => [source, couldNotBeMounted(source.volume.name, message)]),
  )
}
