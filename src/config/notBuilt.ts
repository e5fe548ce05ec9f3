/**
 * Lists what is accepted and does not work yet: keys of the schema. Whatever uses it is refused, never run without it.
 * Delete an entry when its part is built.
 */

import type { ConfigIssue } from '../errors.ts'
import { issueAt } from './issues.ts'
import type { Config } from './load.ts'
import type { Instance } from './model.ts'
import { type Path, treeAt } from './yaml.ts'

/** The instance whose keys are looked for. */
interface Subject {
  readonly config: Config
  readonly instance: Pick<Instance, 'id'>
}

/** Finds one key that does not work yet: its path if the instance uses it, else `null`. */
type Find = (subject: Subject) => Path | null

const PENDING: readonly Find[] = [(subject) => keyPath(subject, 'repository')]

/** Returns one sentence for each key of the instance that does not work yet. A key at the top of the file counts too. */
export function pendingKeys(config: Config, instance: Subject['instance']): readonly string[] {
  return [...new Set(pendingPaths({ config, instance }).map((path) => sayPending(config, path)))]
}

/** Returns an issue of the file for each key of the instance that does not work yet, so that `validate` refuses what `backup` refuses. */
export function pendingIssues(config: Config, instance: Subject['instance']): readonly ConfigIssue[] {
  return pendingPaths({ config, instance }).map((path) =>
    issueAt(config.source, path, `${nameOf(path)} ${NOT_BUILT}`, 'key'),
  )
}

function pendingPaths(subject: Subject): readonly Path[] {
  return PENDING.flatMap((find) => {
    const path = find(subject)
    return path === null ? [] : [path]
  })
}

const NOT_BUILT = 'is not built yet in this version: remove it, or wait for the version that has it'

function sayPending(config: Config, path: Path): string {
  return `${nameOf(path)} (line ${config.source.keyAt(path).line}) ${NOT_BUILT}`
}

function nameOf(path: Path): string {
  return `\`${String(path.at(-1))}\``
}

/** Finds the path of a key: in the instance, else at the top of the file; `null` if it is in neither. */
function keyPath({ config, instance }: Subject, key: string): Path | null {
  const own = [...instancePath(config, instance.id), key]
  return [own, [key]].find((place) => treeAt(config.tree, place) !== undefined) ?? null
}

function instancePath(config: Config, id: string): Path {
  return ['instances', config.instances.findIndex((one) => one.id === id)]
}
