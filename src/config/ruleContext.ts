/** Defines what the rules that join keys share: the place in the file, and whether its variables are filled in. Pure. */
import { isOpen } from './interpolation.ts'
import type { Tree, YamlSource } from './yaml.ts'

export type TreeMap = { readonly [key: string]: Tree }

/** Context for checking one instance. `settled`: its variables are filled in. Before that, texts with variables are not judged. */
export interface RuleContext {
  readonly source: YamlSource
  readonly settled: boolean
  /** The default of `stopAttached`: that of the file and, for the checks of a target, that of its instance. */
  readonly stopAttached: boolean
}

/** Returns the text of a key; `undefined` if the key is missing, is no text, or contains variables that are not filled in. */
export function known(map: TreeMap, key: string, look: RuleContext): string | undefined {
  const value = map[key]
  if (typeof value !== 'string') return undefined
  return !look.settled && isOpen(value) ? undefined : value
}
