/** Inspects several containers or volumes by name, of which some may not exist. */

import { commandError } from './callResult.ts'
import { type Docker, type QueryOptions, query } from './process.ts'

/** Matches how engines say that a name does not exist; since 23.0 a manager of a swarm words it differently for a volume. */
const MISSING = {
  container: /no such container/i,
  volume: /no such volume|volume \S+ not found/i,
}

/**
 * Returns the named objects that exist, as the engine describes them; a missing one is left out. Throws for anything else that docker says.
 * Docker also takes the beginning of an id for a name, so the caller compares the result with what it asked for.
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
    throw commandError(docker, what, output)
  const found = JSON.parse(output.stdout || '[]') as unknown[]
  // an object that could not be asked about, beside one that is missing, must not pass for missing
  if (found.length + missing < names.length) throw commandError(docker, what, output)
  return found
}
