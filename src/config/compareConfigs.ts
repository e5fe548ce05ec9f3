/** Compares two versions of a configuration. Names what differs and never quotes a value. Pure. */
import type { Config } from './load.ts'
import { isTreeMap, type Tree, treeAt } from './yaml.ts'

export interface ConfigChanges {
  /** Ids in the order of the new file; `removed` in that of the old one. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly InstanceChange[]
  /** Keys at the top of the file that differ. */
  readonly top: readonly string[]
}

export interface InstanceChange {
  readonly id: string
  /** The keys that differ: `schedule`, `env.TOKEN`, `targets (volume data)`. */
  readonly keys: readonly string[]
}

type TreeMap = { readonly [key: string]: Tree }

/** Compares two configurations. The order of instances and of keys says nothing, that of targets neither. */
export function compareConfigs(base: Config, head: Config): ConfigChanges {
  const before = instancesOf(base)
  const after = instancesOf(head)
  return {
    added: [...after.keys()].filter((id) => !before.has(id)),
    removed: [...before.keys()].filter((id) => !after.has(id)),
    changed: [...after].flatMap(([id, instance]) => {
      const old = before.get(id)
      const keys = old === undefined ? [] : instanceKeys(old, instance)
      return keys.length === 0 ? [] : [{ id, keys }]
    }),
    top: differing(withoutKey(base.tree, 'instances'), withoutKey(head.tree, 'instances')),
  }
}

function instancesOf({ instances, tree }: Config): ReadonlyMap<string, TreeMap> {
  return new Map(instances.map(({ id, index }) => [id, treeAt(tree, ['instances', index]) as TreeMap]))
}

function instanceKeys(before: TreeMap, after: TreeMap): readonly string[] {
  return differing(before, after).flatMap((key): readonly string[] => {
    const [old, now] = [before[key], after[key]]
    if (key === 'env') return differing(mapOf(old), mapOf(now)).map((name) => `env.${name}`)
    if (key !== 'targets' || !Array.isArray(old) || !Array.isArray(now)) return [key]
    return differing(byName(old), byName(now)).map((name) => `targets (${name})`)
  })
}

/** Returns the keys of two maps whose values differ, in the order of the second, then those that only the first has. */
function differing(before: TreeMap, after: TreeMap): readonly string[] {
  const keys = new Set([...Object.keys(after), ...Object.keys(before)])
  return [...keys].filter((key) => canonical(before[key]) !== canonical(after[key]))
}

/** Returns the targets by kind and name, since they have no ids. A target without a name goes by its position. */
function byName(targets: readonly Tree[]): TreeMap {
  return Object.fromEntries(
    targets.map((target, index) => {
      const map = mapOf(target)
      if (typeof map.volume === 'string') return [`volume ${map.volume}`, target]
      return [typeof map.db === 'string' ? `db ${map.db}` : `item ${index + 1}`, target]
    }),
  )
}

function mapOf(tree: Tree | undefined): TreeMap {
  return isTreeMap(tree) ? tree : {}
}

function withoutKey(map: TreeMap, key: string): TreeMap {
  return Object.fromEntries(Object.entries(map).filter(([name]) => name !== key))
}

/** Writes a tree as text in which the order of keys does not count. */
function canonical(tree: Tree | undefined): string {
  return (
    JSON.stringify(tree, (_, value: unknown) =>
      isTreeMap(value as Tree)
        ? Object.fromEntries(Object.entries(value as TreeMap).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    ) ?? ''
  )
}
