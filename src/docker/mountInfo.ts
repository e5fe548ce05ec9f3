/** What `/proc/self/mountinfo` says of where things are mounted: another disk than the one around it. Pure. */
import { posix } from 'node:path'

export interface MountPoint {
  readonly path: string
  /** `major:minor` of the file system's device. */
  readonly device: string
}

/** The mount points of a `/proc/self/mountinfo`, in its order; where two lie at one path, the later hides the earlier. */
export function mountPoints(mountinfo: string): readonly MountPoint[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [, , device, , path] = line.split(' ')
    return device === undefined || path === undefined ? [] : [{ device, path: unescaped(path) }]
  })
}

/** Spaces, tabs, line breaks and backslashes of a path stand as three octal digits. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

const isBelow = (path: string, folder: string) => path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)

/**
 * Where the disk is mounted that a volume lies on: at its folder, or between it and the folder of all volumes
 * (`/var/lib/docker/volumes`). `null` where the volume lies on the disk of the others.
 */
export function diskOf(points: readonly MountPoint[], volumeFolder: string): string | null {
  if (!volumeFolder.startsWith('/')) return null
  const all = posix.dirname(posix.dirname(volumeFolder))
  const found = points.find(({ path }) => path === volumeFolder || (isBelow(path, all) && isBelow(volumeFolder, path)))
  return found?.path ?? null
}

/**
 * The folders among `mounted`, and the mount points below them, that lie on another device than `root`: a tool that stays on one file
 * system leaves them out.
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
