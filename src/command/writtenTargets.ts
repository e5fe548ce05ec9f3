/** Reads from the configuration's text what instances write as their image and targets, as far as no variable decides. Pure. */
import { fillTemplate, parseTemplate } from '../config/interpolation.ts'
import type { Config, RawInstance } from '../config/load.ts'
import { hostKey } from '../config/runnerHosts.ts'
import { readBoolean } from '../config/schema.ts'
import { isTreeMap, type Path, type Tree, treeAt } from '../config/yaml.ts'

export interface WrittenVolume {
  readonly kind: 'volume' | 'db'
  readonly name: string
  readonly line: number
  /** True if the containers of the volume are stopped. */
  readonly stops: boolean
}

/** Returns the volumes and databases that an instance names. */
export function writtenTargets(config: Config, { index }: RawInstance): readonly WrittenVolume[] {
  const targets = treeAt(config.tree, ['instances', index, 'targets'])
  if (!Array.isArray(targets)) return []
  return targets.flatMap((target: Tree, at): readonly WrittenVolume[] => {
    const kind = isTreeMap(target) && target.volume !== undefined ? 'volume' : 'db'
    const path: Path = ['instances', index, 'targets', at]
    const name = writtenAt(config, [...path, kind])
    if (name === undefined) return []
    const stops = kind === 'volume' && stopsAttached(config, index, path)
    return [{ kind, name, line: config.source.valueAt([...path, kind]).line, stops }]
  })
}

/** Returns the volumes that an instance names. */
export function volumeTargets(config: Config, instance: RawInstance): readonly WrittenVolume[] {
  return writtenTargets(config, instance).filter(({ kind }) => kind === 'volume')
}

function stopsAttached(config: Config, index: number, target: Path): boolean {
  const places: readonly Path[] = [[...target, 'stopAttached'], ['instances', index, 'stopAttached'], ['stopAttached']]
  const text = places.map((path) => writtenAt(config, path)).find((one) => one !== undefined)
  return text !== undefined && readBoolean(text) === true
}

/**
 * Makes a key of the host on which an instance runs, from its runner labels and the `nodeName` that it writes. Two instances with the same
 * key may run on one host.
 */
export function writtenHost(config: Config, { index, runsOn }: RawInstance): string {
  return `${hostKey(runsOn)}\n${writtenAt(config, ['instances', index, 'nodeName']) ?? ''}`
}

/**
 * Returns the text at a path, with the defaults of its variables; `undefined` if it is missing or empty, is no text, or contains a variable
 * without a default.
 */
export function writtenAt(config: Config, path: Path): string | undefined {
  const value = treeAt(config.tree, path)
  return (typeof value === 'string' ? byDefault(value) : null) || undefined
}

/** Fills in the defaults of a text's variables, which a run takes where nobody sets them; `null` if one has none. */
export function byDefault(text: string): string | null {
  const template = parseTemplate(text)
  const filled = fillTemplate(template, () => undefined)
  return template.problems.length > 0 || filled.missing.length > 0 ? null : filled.text
}
