/** Says which keys of a volume target conflict with its `staging`, whatever the engine. Pure. */
import type { StagingName } from '../outcome.ts'

/** The parts of a volume target that its `staging` may conflict with. `stopAttached` is `null` while variables decide it. */
export interface StagingWish {
  readonly stopAttached: boolean | null
  readonly hasExclude: boolean
  readonly hasVerify: boolean
  readonly hooks: readonly ('preHook' | 'postHook')[]
}

/**
 * Returns a sentence for each key that conflicts with `staging`. `mount` conflicts with `exclude`, because a mounted volume is seen whole,
 * with `verify`, because it may change behind its list, and with `stopAttached` and hooks, because the mounted data is read only after the
 * applications run again and the hooks have ended. `presync` needs `stopAttached`.
 */
export function stagingConflicts(
  staging: StagingName,
  { stopAttached, hasExclude, hasVerify, hooks }: StagingWish,
): string[] {
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
    ...(hasVerify ? ['`staging: mount` cannot be had with `verify`: what is read later is not what was listed'] : []),
    ...hooks.map(
      (key) => `\`staging: mount\` cannot be had with \`${key}\`: the mounted data is read only after the hooks`,
    ),
  ]
}
