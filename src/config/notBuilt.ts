/**
 * Lists everything that the schema accepts and that does not work yet. An instance that uses it is refused, never run without it. Delete an
 * entry when its part is built.
 */

import type { Config } from './load.ts'
import type { Instance } from './model.ts'
import { isTreeMap, treeAt } from './yaml.ts'

/** Commands and inputs that do not work yet, each with what to use until then. */
export const PENDING_COMMANDS = {
  plan: 'use backup or validate',
  check: 'use backup or validate',
} as const
export const PENDING_INPUTS: Readonly<Record<string, string>> = { host: 'select by instances instead' }

interface Use {
  readonly key: string
  /** 1-based. */
  readonly line: number
}

type Find = (subject: Subject) => readonly Use[]

interface Subject {
  readonly config: Config
  readonly instance: Instance
}

const PENDING: readonly Find[] = [
  (subject) => keyUse(subject, 'repository'),
  (subject) => keyUse(subject, 'catchUp'),
  (subject) => keyUse(subject, 'runsOn'),
  (subject) => keyUse(subject, 'coverage'),
  (subject) => keyUse(subject, 'ping-url'),
  (subject) => (subject.instance.discover === 'all' ? keyUse(subject, 'discover', 'all') : []),
]

/** Returns one sentence for each key of the instance that does not work yet. Keys at the top of the file count if they apply to the instance. */
export function pendingKeys(config: Config, instance: Instance): readonly string[] {
  const uses = PENDING.flatMap((find) => find({ config, instance }))
  return [...new Set(uses.map(sayUse))]
}

function sayUse({ key, line }: Use): string {
  return `\`${key}\` (line ${line}) is not built yet in this version: remove it, or wait for the version that has it`
}

/** Finds a key in the instance, else at the top of the file. */
function keyUse({ config, instance }: Subject, key: string, value?: string): readonly Use[] {
  const own = [...instancePath(config, instance), key]
  const path = [own, [key]].find((place) => treeAt(config.tree, place) !== undefined)
  return path === undefined
    ? []
    : [{ key: value === undefined ? key : `${key}: ${value}`, line: config.source.keyAt(path).line }]
}

function instancePath(config: Config, instance: Instance): readonly (string | number)[] {
  const instances = config.tree.instances
  const index = Array.isArray(instances)
    ? instances.findIndex((entry) => isTreeMap(entry) && entry.id === instance.id)
    : -1
  return ['instances', index]
}
