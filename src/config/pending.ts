/**
 * What the schema takes but the run does not do yet: the one list. An entry is deleted by whoever builds its part;
 * until then the run refuses an instance that uses it, never passes it over.
 */
import type { Instance, Target } from './instance.ts'
import type { Config } from './load.ts'
import { isTreeMap, treeAt } from './tree.ts'

interface Use {
  readonly key: string
  /** 1-based; `null` where a label of a volume or container asks for it. */
  readonly line: number | null
  /** The target that a label is on. */
  readonly on?: string
}

type Find = (subject: Subject) => readonly Use[]

interface Subject {
  readonly config: Config
  readonly instance: Instance
  readonly targets: readonly Target[]
}

const PENDING: readonly Find[] = [
  (subject) => keyUse(subject, 'repository'),
  (subject) => targetUses(subject, 'db', (target) => target.kind === 'db'),
  (subject) => targetUses(subject, 'preHook', (target) => target.preHook !== null),
  (subject) => targetUses(subject, 'postHook', (target) => target.postHook !== null),
  (subject) => targetUses(subject, 'stopAttached', (target) => target.kind === 'volume' && target.stopAttached),
  (subject) =>
    targetUses(subject, 'staging', (target) => target.kind === 'volume' && target.staging === 'presync', 'presync'),
  (subject) => keyUse(subject, 'catchUp'),
  (subject) => keyUse(subject, 'runsOn'),
  (subject) => keyUse(subject, 'coverage'),
  (subject) => keyUse(subject, 'ping-url'),
  (subject) => (subject.instance.discover === 'all' ? keyUse(subject, 'discover', 'all') : []),
]

/**
 * One line for each key of the instance that is not built yet, the file's own keys included where they reach it.
 * `targets`: the discovered ones, where `instance.targets` is `null`.
 */
export function pendingKeys(
  config: Config,
  instance: Instance,
  targets: readonly Target[] = instance.targets ?? [],
): readonly string[] {
  const uses = PENDING.flatMap((find) => find({ config, instance, targets }))
  return [...new Set(uses.map(sayUse))]
}

function sayUse({ key, line, on }: Use): string {
  const where = line === null ? `asked for by a label of ${on}` : `line ${line}`
  return `\`${key}\` (${where}) is not built yet in this version: remove it, or wait for the version that has it`
}

/** A key of the instance, else of the file's top. */
function keyUse({ config, instance }: Subject, key: string, value?: string): readonly Use[] {
  const own = [...instancePath(config, instance), key]
  const path = [own, [key]].find((place) => treeAt(config.tree, place) !== undefined)
  return path === undefined
    ? []
    : [{ key: value === undefined ? key : `${key}: ${value}`, line: config.source.keyAt(path).line }]
}

function targetUses(subject: Subject, key: string, uses: (target: Target) => boolean, value?: string): readonly Use[] {
  return subject.targets.filter(uses).map((target) => {
    const name = value === undefined ? key : `${key}: ${value}`
    if (target.line === null) return inherited(subject, key) ?? { key: name, line: null, on: labelled(target) }
    return { key: name, line: lineOf(subject, target, key) }
  })
}

/** The line of the target's own key, of the instance's or the file's where it comes from there. */
function lineOf(subject: Subject, target: Target, key: string): number {
  const list = [...instancePath(subject.config, subject.instance), 'targets']
  const index = (subject.instance.targets ?? []).indexOf(target)
  const own = [...list, index, key]
  if (treeAt(subject.config.tree, own) !== undefined) return subject.config.source.keyAt(own).line
  return inherited(subject, key)?.line ?? (target.line as number)
}

function inherited({ config, instance }: Subject, key: string): Use | null {
  const places = [[...instancePath(config, instance), key], [key]]
  const path = places.find((place) => treeAt(config.tree, place) !== undefined)
  return path === undefined ? null : { key, line: config.source.keyAt(path).line }
}

function labelled(target: Target): string {
  return target.kind === 'volume' ? `volume "${target.name}"` : `container "${target.container}"`
}

function instancePath(config: Config, instance: Instance): readonly (string | number)[] {
  const instances = config.tree.instances
  const index = Array.isArray(instances)
    ? instances.findIndex((entry) => isTreeMap(entry) && entry.id === instance.id)
    : -1
  return ['instances', index]
}
