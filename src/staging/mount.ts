/** The strategy `mount`: mounts the volume itself, read-only. As consistent as copying a live volume, at once, and without disk space. */
import { compareVersions, SUBPATH_API } from '../docker/engine.ts'
import type { MountingStrategy } from './stagingContract.ts'

export const mountStaging: MountingStrategy = {
  kind: 'mounting',
  name: 'mount',
  describe: () => 'mounted in place',
  refusal(target, engine) {
    if (target.paths.length > 0 && !mountsPaths(engine))
      return `staging: mount with paths needs Docker Engine and CLI 26.0 (API ${SUBPATH_API}); this is engine ${engine.version}, API ${engine.apiVersion}. Leave staging out, and the paths are copied`
    return null
  },
  mounts({ name, target, paths, madeBy }) {
    const mount = { type: 'volume', source: name, target, readonly: true, madeBy } as const
    if (paths.length === 0) return [mount]
    return paths.map((path) => ({ ...mount, target: `${target}/${path}`, subpath: path }))
  },
}

/** Tells whether the engine can mount a part of a volume. An older engine silently mounts the whole volume. */
export function mountsPaths(engine: { readonly apiVersion: string }): boolean {
  return compareVersions(engine.apiVersion, SUBPATH_API) >= 0
}
