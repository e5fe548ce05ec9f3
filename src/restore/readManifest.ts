/** Reads the `manifest.json` of a backup that comes back: of this version or an earlier one, from a store that may have damaged it. Pure. */
import type { ManifestInput, ManifestTarget } from '../container/manifest.ts'
import { InstanceError } from '../errors.ts'

export type { ManifestTarget } from '../container/manifest.ts'
export type RestoredManifest = ManifestInput & { readonly version: 1 }

const PATH = /^(?:volume|db)\/[a-zA-Z0-9][a-zA-Z0-9_.-]*$/
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

/** Parses a manifest. Throws an `InstanceError` if it is none of ours: it names paths that are used as root. */
export function readManifest(text: string): RestoredManifest {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    throw new InstanceError(
      'the restored manifest.json is no JSON: the backup is damaged, or the image restored half of it',
    )
  }
  const bad = (what: string) =>
    new InstanceError(`the restored manifest.json ${what}: it is not one that Marina wrote for a backup`)
  const manifest = found as RestoredManifest
  if (typeof manifest !== 'object' || manifest === null || manifest.version !== 1) throw bad('is not of version 1')
  if (typeof manifest.instance !== 'string' || typeof manifest.timestamp !== 'string') throw bad('names no instance')
  if (!Array.isArray(manifest.targets) || !Array.isArray(manifest.failed)) throw bad('has no list of targets')
  for (const target of manifest.targets) if (!isTarget(target)) throw bad('has a target that cannot be read')
  return manifest
}

function isTarget(target: ManifestTarget): boolean {
  if (typeof target !== 'object' || target === null) return false
  if (typeof target.name !== 'string' || !NAME.test(target.name)) return false
  if (typeof target.path !== 'string' || !PATH.test(target.path)) return false
  if (target.kind === 'volume') return isCount(target.files) && isCount(target.bytes) && areTexts(target.paths)
  return target.kind === 'db' && Array.isArray(target.files) && target.files.every((file) => isFile(file, target.path))
}

function isFile(file: unknown, folder: string): boolean {
  const { path, sha256, bytes } = (file ?? {}) as { path?: unknown; sha256?: unknown; bytes?: unknown }
  const isBelow =
    typeof path === 'string' && path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes('/')
  return isBelow && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) && isCount(bytes)
}

function isCount(value: unknown): boolean {
  return value === null || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)
}

/** Tells whether these are paths below a root. */
function areTexts(values: unknown): boolean {
  return (
    Array.isArray(values) &&
    values.every(
      (one) => typeof one === 'string' && !one.startsWith('/') && !one.split('/').some((part) => part === '..'),
    )
  )
}
