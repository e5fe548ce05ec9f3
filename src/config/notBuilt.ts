/**
 * Lists everything that the schema accepts and that does not work yet. An instance that uses it is refused, never run without it. Delete an
 * entry when its part is built.
 */

import type { ConfigIssue } from '../errors.ts'
import { issueAt } from './issues.ts'
import type { Config } from './load.ts'
import type { Instance } from './model.ts'
import { type Path, treeAt } from './yaml.ts'

/** Commands and inputs that do not work yet, each with what to use until then. */
export const PENDING_COMMANDS = {
  plan: 'use backup or validate',
  check: 'use backup or validate',
} as const
export const PENDING_INPUTS: Readonly<Record<string, string>> = { host: 'select by instances instead' }

/** The instance that is looked at, as far as its keys depend on its values. */
interface Subject {
  readonly config: Config
  readonly instance: Pick<Instance, 'id' | 'discover'>
}

/** Returns the path of a key that is used and not built. */
type Find = (subject: Subject) => Path | null

const PENDING: readonly Find[] = [
  (subject) => keyPath(subject, 'repository'),
  (subject) => keyPath(subject, 'catchUp'),
  (subject) => keyPath(subject, 'runsOn'),
  (subject) => keyPath(subject, 'coverage'),
  (subject) => keyPath(subject, 'ping-url'),
  (subject) => (subject.instance.discover === 'all' ? keyPath(subject, 'discover') : null),
]

/** Returns one sentence for each key of the instance that does not work yet. Keys at the top of the file count if they apply to the instance. */
export function pendingKeys(config: Config, instance: Subject['instance']): readonly string[] {
  return [...new Set(pendingPaths({ config, instance }).map((path) => sayPending(config, path)))]
}

/** The same as errors of the file, each at its key: what checks the file refuses what a run would. */
export function pendingIssues(config: Config, instance: Subject['instance']): readonly ConfigIssue[] {
  return pendingPaths({ config, instance }).map((path) =>
    issueAt(config.source, path, `${nameOf(config, path)} ${NOT_BUILT}`, 'key'),
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
  return `${nameOf(config, path)} (line ${config.source.keyAt(path).line}) ${NOT_BUILT}`
}

/** The key, with its value where only that value is not built. */
function nameOf(config: Config, path: Path): string {
  const key = String(path.at(-1))
  return key === 'discover' ? `\`${key}: ${String(treeAt(config.tree, path))}\`` : `\`${key}\``
}

/** Finds a key of the instance, else of the file's top. */
function keyPath({ config, instance }: Subject, key: string): Path | null {
  const own = [...instancePath(config, instance.id), key]
  return [own, [key]].find((place) => treeAt(config.tree, place) !== undefined) ?? null
}

function instancePath(config: Config, id: string): Path {
  return ['instances', config.instances.findIndex((one) => one.id === id)]
}
