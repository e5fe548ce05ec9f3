/** `docker container inspect` and `docker volume inspect` of several names, where some may not exist. */

import { commandError } from './callResult.ts'
import { type Docker, type QueryOptions, query } from './process.ts'

/** How engines say that there is none of a name; since 23.0 a manager of a swarm says it of a volume in words of its own. */
const MISSING = {
  container: /no such container/i,
  volume: /no such volume|volume \S+ not found/i,
}

/**
 * The objects that exist of those named, as the engine describes them; a missing one is left out. Anything else that docker says throws.
 * Docker also takes the beginning of an id for a name: the caller compares what comes back with what was asked.
 */
export async function inspectNamed(
  docker: Docker,
  kind: 'container' | 'volume',
  names: readonly string[],
  options: QueryOptions,
): Promise<readonly unknown[]> {
  if (names.length === 0) return []
  const argv = [kind, 'inspect', ...names]
  const output = await query(docker, argv, options)
  const missing = output.stderr.split('\n').filter((line) => MISSING[kind].test(line)).length
  const what = `${kind}s could not be inspected`
  if (output.ended.kind !== 'exit' || (output.ended.code !== 0 && missing === 0))
    throw commandError(docker, argv, what, output)
  const found = JSON.parse(output.stdout || '[]') as unknown[]
  // an object that could not be asked about, beside one that is missing, must not pass for missing
  if (found.length + missing < names.length) throw commandError(docker, argv, what, output)
  return found
}
