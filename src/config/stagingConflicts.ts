/** Says which keys of a volume target a `staging` cannot go with, whatever the engine. Pure. */
import type { StagingName } from '../outcome.ts'

/** The parts of a target that staging depends on. `stopAttached` is `null` while variables decide it. */
export interface StagedTarget {
  readonly stopAttached: boolean | null
  readonly hasExclude: boolean
  readonly hooks: readonly ('preHook' | 'postHook')[]
}

/** A sentence for each key that conflicts. Mounting shows the volume as it is, at once: what changes it first, or waits for its end, cannot be had with it. */
export function stagingConflicts(staging: StagingName, { stopAttached, hasExclude, hooks }: StagedTarget): string[] {
  if (staging === 'presync')
    return stopAttached === false
      ? ['`staging: presync` is two passes around a stop: it needs `stopAttached: true`']
      : []
  if (staging !== 'mount') return []
  return [
    ...(stopAttached === true
      ? [
          '`staging: mount` cannot be had with `stopAttached`: applications are up again before the mounted data is read',
        ]
      : []),
    ...(hasExclude ? ['`staging: mount` cannot be had with `exclude`: a mounted volume is seen whole'] : []),
    ...hooks.map(
      (key) => `\`staging: mount\` cannot be had with \`${key}\`: the mounted data is read only after the hooks`,
    ),
  ]
}
