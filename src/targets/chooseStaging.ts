/** Decides how a volume's data appears below `/backup`. Pure. */
import type { VolumeTarget } from '../config/model.ts'
import type { Volume } from '../docker/volumes.ts'
import { mountsPaths } from '../staging/mount.ts'
import type { EngineTraits, StagingStrategy } from '../staging/stagingContract.ts'
import { STRATEGIES } from '../staging/strategies.ts'

export interface ChosenStaging {
  readonly kind: 'chosen'
  readonly strategy: StagingStrategy
  /** The reason for this strategy, in words that can follow "because" (`it has exclude`, `staging: copy`). */
  readonly why: string
}

/** The chosen strategy. `refused`: the `staging` in the configuration is impossible; `why` is a sentence that names the volume and the reason. */
export type StagingDecision = ChosenStaging | { readonly kind: 'refused'; readonly why: string }

/**
 * Chooses the strategy: the configured `staging`, which is refused if it is impossible. Without one it is `presync` if applications are
 * stopped for the volume; else `mount`, unless something speaks for `copy`, such as `exclude`, `verify`, hooks (a `postHook` must not run
 * before the data is read) or a driver other than `local`. `disk` is the mount point of the volume's own disk; `null` if it lies on the
 * same disk as all others.
 */
export function decideStaging(
  target: VolumeTarget,
  volume: Volume,
  engine: EngineTraits,
  disk: string | null,
): StagingDecision {
  if (target.staging !== null) {
    const strategy = STRATEGIES[target.staging]
    const refusal = strategy.refusal(target, engine)
    if (refusal !== null) return { kind: 'refused', why: `volume ${target.name}: ${refusal}` }
    return { kind: 'chosen', strategy, why: `staging: ${target.staging}` }
  }
  if (target.stopAttached) return { kind: 'chosen', strategy: STRATEGIES.presync, why: 'it has stopAttached' }
  const why = reasonToCopy(target, volume, engine, disk)
  if (why !== null) return { kind: 'chosen', strategy: STRATEGIES.copy, why }
  return { kind: 'chosen', strategy: STRATEGIES.mount, why: 'it is a plain local volume' }
}

/** Says why a volume whose applications are not stopped is copied, in words that can follow "because"; `null` if it is mounted. */
function reasonToCopy(target: VolumeTarget, volume: Volume, engine: EngineTraits, disk: string | null): string | null {
  if (target.preHook !== null || target.postHook !== null) return 'it has hooks'
  if (target.exclude.length > 0) return 'it has exclude'
  if (target.verify !== null) return `it has verify: ${target.verify}`
  if (target.paths.length > 0 && !mountsPaths(engine)) return `paths cannot be mounted by engine ${engine.version}`
  if (volume.driver !== 'local') return `its driver is ${volume.driver}`
  if (Object.keys(volume.options).length > 0) return 'it lies on a device of its own'
  if (disk !== null) return `it lies on a disk of its own, mounted at ${disk}`
  return engine.remapped ? 'user namespaces are remapped' : null
}
