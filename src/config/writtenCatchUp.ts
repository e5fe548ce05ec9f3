/** Reads `catchUp` of an instance whose variables are not filled in. Pure. */
import type { Config, RawInstance } from './load.ts'
import { DEFAULTS, readBoolean } from './schema.ts'
import { parseDuration } from './values/duration.ts'
import { treeAt } from './yaml.ts'

/** Returns the instance's `catchUp`, else the file's: true, false, or ms. One that contains a variable counts as true, the default. */
export function writtenCatchUp(config: Config, raw: RawInstance): boolean | number {
  const own = treeAt(config.tree, ['instances', raw.index, 'catchUp'])
  if (typeof own !== 'string') return config.top.catchUp ?? DEFAULTS.catchUp
  return readBoolean(own) ?? parseDuration(own) ?? true
}
