/** Reads `repository`: where restic's repository lies. Pure. */
import type { UserMount } from './mounts.ts'

/** The kinds of storage that restic knows by the word before the first colon. */
const REMOTE = /^(?:azure|b2|gs|rclone|rest|s3|sftp|swift):./

/** Folder of the container below which a folder of the Docker host is mounted by its own path, so that restic's messages show that. */
const BOUND_BELOW = '/repository'

/** Says what is wrong with a `repository`, in words that never quote it; `null` if nothing is. */
export function repositoryProblem(text: string): string | null {
  if (REMOTE.test(text)) return null
  const path = pathOf(text)
  if (path === null)
    return 'must be a folder of the Docker host by its absolute path, such as /srv/restic, or what restic takes: s3:…, rest:…, sftp:…, b2:…, azure:…, gs:…, swift:…, rclone:…'
  if (path.split('/').includes('..')) return 'must not hold ".."'
  return path === '/' ? 'must be a folder of its own, not /' : null
}

/** Returns the absolute path that a `repository` names; `null` if it lies elsewhere. */
function pathOf(text: string): string | null {
  const path = text.replace(/^local:/, '')
  return path.startsWith('/') ? path.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '') : null
}

/**
 * Returns what restic gets as its repository, and the mounts that it needs for that: an absolute path is a folder of the Docker host,
 * unless one of the instance's own `mounts` has it.
 */
export function placeRepository(
  text: string,
  mounts: readonly UserMount[],
): { readonly location: string; readonly mounts: readonly UserMount[] } {
  const path = pathOf(text)
  if (path === null || REMOTE.test(text)) return { location: text, mounts: [] }
  const isMounted = mounts.some(({ target }) => `${path}/`.startsWith(`${target.replace(/\/$/, '')}/`))
  if (isMounted) return { location: path, mounts: [] }
  const target = `${BOUND_BELOW}${path}`
  return { location: target, mounts: [{ type: 'bind', source: path, target, readonly: false }] }
}
