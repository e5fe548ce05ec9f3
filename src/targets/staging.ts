/** How a volume's data comes under `/backup`: mounted in place, or copied. Pure. */
import type { VolumeTarget } from '../config/model.ts'
import { compareVersions, SUBPATH_API } from '../docker/engine.ts'
import type { Volume } from '../docker/volumes.ts'

export type Staging =
  /** `subpaths`: each of `paths` is a mount of its own. */
  | { readonly kind: 'mount'; readonly subpaths: boolean }
  | { readonly kind: 'copy'; readonly why: string }
  | { readonly kind: 'presync' }

export type Decision = Staging | { readonly kind: 'refused'; readonly why: string }

export interface EngineTraits {
  readonly apiVersion: string
  readonly version: string
  readonly remapped: boolean
}

/**
 * Mounting is the default for a plain local volume that is not to be stopped, with no `exclude` and no hooks (a `postHook` must not run
 * before the data is read). `staging` overrides; one that cannot be had is refused with the reason.
 */
export function decideStaging(target: VolumeTarget, volume: Volume, engine: EngineTraits): Decision {
  const subpaths = target.paths.length > 0
  const mountable = !subpaths || compareVersions(engine.apiVersion, SUBPATH_API) >= 0
  const hooks = target.preHook !== null || target.postHook !== null
  if (target.staging === 'mount') {
    if (target.stopAttached)
      return refused(
        target,
        'staging: mount cannot go with stopAttached: applications are up again before the image runs, so the data must be copied while they are stopped',
      )
    if (hooks)
      return refused(
        target,
        'staging: mount cannot go with hooks: the postHook would run before the image has read the data',
      )
    if (target.exclude.length > 0)
      return refused(target, 'staging: mount cannot go with exclude: a mount shows the whole volume')
    if (!mountable) {
      return refused(
        target,
        `staging: mount with paths needs Docker Engine and CLI 26.0 (API ${SUBPATH_API}); this is engine ${engine.version}, API ${engine.apiVersion}. Leave staging out, and the paths are copied`,
      )
    }
    return { kind: 'mount', subpaths }
  }
  if (target.staging === 'presync') {
    return target.stopAttached
      ? { kind: 'presync' }
      : refused(target, 'staging: presync copies in two passes around a stop: it needs stopAttached: true')
  }
  if (target.staging === 'copy') return { kind: 'copy', why: 'staging: copy' }
  if (target.stopAttached) return { kind: 'presync' }
  if (hooks) return { kind: 'copy', why: 'it has hooks' }
  if (target.exclude.length > 0) return { kind: 'copy', why: 'it has exclude' }
  if (!mountable) return { kind: 'copy', why: `paths cannot be mounted by engine ${engine.version}` }
  if (volume.driver !== 'local') return { kind: 'copy', why: `its driver is ${volume.driver}` }
  if (Object.keys(volume.options).length > 0) return { kind: 'copy', why: 'it lies on a device of its own' }
  if (engine.remapped) return { kind: 'copy', why: 'user namespaces are remapped' }
  return { kind: 'mount', subpaths }
}

function refused(target: VolumeTarget, why: string): Decision {
  return { kind: 'refused', why: `volume ${target.name}: ${why}` }
}
