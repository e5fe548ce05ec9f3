/** Reads the `manifest.json` of a backup that comes back from a store, which may have damaged it. Pure. */
import { type Manifest, type ManifestTarget, parseManifest } from '../container/manifest.ts'
import { InstanceError } from '../errors.ts'

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

/** Parses a manifest, and throws an `InstanceError` if it is none of ours: the paths that it names are used as root. */
export function readManifest(text: string): Manifest {
  const manifest = parseManifest(text)
  const odd = manifest.targets.find((target) => !isSafe(target))
  if (odd !== undefined)
    throw new InstanceError('manifest.json is not one that Marina wrote: it leads out of the backup')
  return manifest
}

function isSafe(target: ManifestTarget): boolean {
  if (!NAME.test(target.name) || target.path !== `${target.kind === 'volume' ? 'volume' : 'db'}/${target.name}`)
    return false
  if (target.kind === 'volume')
    return target.paths.every(isBelow) && (target.listing === null || isBelow(target.listing.path))
  return target.files.every(({ path }) => path.startsWith(`${target.path}/`) && isBelow(path))
}

/** Tells whether this is a path below a root. */
function isBelow(path: string): boolean {
  return !path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..')
}
