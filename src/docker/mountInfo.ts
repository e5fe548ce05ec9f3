/** Reads `/proc/self/mountinfo` to find places that lie on another disk than the folder around them. Pure. */
import { posix } from 'node:path'

export interface MountPoint {
  readonly path: string
  /** Device number of the file system, `major:minor`. */
  readonly device: string
}

/** Returns the mount points of a `/proc/self/mountinfo` in its order. If two have the same path, the later one hides the earlier. */
export function mountPoints(mountinfo: string): readonly MountPoint[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [, , device, , path] = line.split(' ')
    return device === undefined || path === undefined ? [] : [{ device, path: unescaped(path) }]
  })
}

/** Decodes a path of `mountinfo`, in which each space, tab, line break and backslash is written as a backslash and three octal digits. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

const isBelow = (path: string, folder: string) => path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)

/**
 * Returns the mount point of a volume's own disk: at the volume's folder, or between it and the folder of all volumes
 * (`/var/lib/docker/volumes`). `null` if the volume lies on the same disk as the others, or if `volumeFolder` is no absolute path.
 */
export function diskOf(points: readonly MountPoint[], volumeFolder: string): string | null {
  if (!volumeFolder.startsWith('/')) return null
  const all = posix.dirname(posix.dirname(volumeFolder))
  const found = points.find(({ path }) => path === volumeFolder || (isBelow(path, all) && isBelow(volumeFolder, path)))
  return found?.path ?? null
}

/**
 * Returns the mount points at or below the folders `mounted` that lie on another device than the mount point `root`, each with its folder.
 * A tool that stays on one file system leaves them out. Empty if `root` is no mount point.
 */
export function otherDevices(
  points: readonly MountPoint[],
  root: string,
  mounted: readonly string[],
): readonly { readonly mounted: string; readonly path: string }[] {
  const devices = new Map(points.map(({ path, device }) => [path, device]))
  const rootDevice = devices.get(root)
  if (rootDevice === undefined) return []
  return mounted.flatMap((folder) =>
    [...devices]
      .filter(([path, device]) => device !== rootDevice && (path === folder || isBelow(path, folder)))
      .map(([path]) => ({ mounted: folder, path })),
  )
}
