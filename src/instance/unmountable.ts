/** Finds the targets whose volumes exist but cannot be mounted. Each of them fails, and the rest goes on. Pure. */
import { couldNotBeMounted, unmountable } from '../docker/mountFailures.ts'
import type { Volume } from '../docker/volumes.ts'
import { CommandError, InstanceError } from '../errors.ts'
import type { VolumeSource } from '../targets/resolve.ts'

/**
 * Returns the sources whose volumes an error says could not be mounted, each with the sentence for it; none if the error is about something
 * else. `others` are the volumes of the instance's own `mounts`, which may be the cause as well.
 */
export function unmountableIn(
  error: unknown,
  sources: readonly VolumeSource[],
  others: readonly Volume[] = [],
): ReadonlyMap<VolumeSource, string> {
  if (!(error instanceof CommandError || error instanceof InstanceError)) return new Map()
  const { message } = error
  const volumes = unmountable(
    message,
    sources.map((source) => source.volume),
    others,
  )
  return new Map(
    sources
      .filter(({ volume }) => volumes.includes(volume))
      .map((source) => [source, couldNotBeMounted(source.volume.name, message)]),
  )
}
