/** Warns of disks of the host that are mounted within volumes which are mounted in place. */
import { findOtherDevices } from '../container/devices.ts'
import { volumeDirectory } from '../container/layout.ts'
import type { ReadyImage } from '../docker/images.ts'
import type { VolumeSource } from '../targets/resolve.ts'
import type { InstanceRun } from './instanceRun.ts'

const NOT_LOOKED =
  'whether disks of the host are mounted within the volumes is not known: neither the image nor helperImage has cat or sh. A backup that stays on one file system would leave them out'

/**
 * Returns one sentence for each disk within `mounted`, and within what is selected of it, that a tool staying on one file system would
 * leave out. Never throws: if the look fails, there are no sentences. If no image can look, the log says so.
 */
export async function findDisks(
  run: InstanceRun,
  image: ReadyImage,
  mounted: readonly VolumeSource[],
): Promise<readonly string[]> {
  const { host } = run.context
  const folderOf = (source: VolumeSource) => volumeDirectory(run.layout, source.volume.name)
  const mounts = mounted.flatMap((source) =>
    source.staging.strategy.kind === 'mounting'
      ? source.staging.strategy.mounts({
          name: source.volume.name,
          target: folderOf(source),
          paths: [],
          madeBy: host.owner.job,
        })
      : [],
  )
  try {
    const { helperImage } = run.instance
    const images = [image.id, ...(helperImage === null ? [] : [helperImage])]
    const found = await findOtherDevices(host.docker, { images, job: host.owner.job }, mounts, run.abort.signal)
    if (found === null) {
      await run.log.write('marina', NOT_LOOKED)
      return []
    }
    return mounted.flatMap((source) =>
      found
        .filter((one) => one.mounted === folderOf(source))
        .map(({ path }) => path.slice(folderOf(source).length + 1))
        .filter((path) => isSelected(path, source.target.paths))
        .map((path) => warning(source.volume.name, path)),
    )
  } catch {
    return []
  }
}

/**
 * Tells whether the disk at `path` holds, or lies within, one of the `paths` that are backed up; both are relative to the volume's root. No
 * `paths` means all.
 */
function isSelected(path: string, paths: readonly string[]): boolean {
  return (
    paths.length === 0 ||
    path === '' ||
    paths.some((one) => `${path}/`.startsWith(`${one}/`) || one.startsWith(`${path}/`))
  )
}

function warning(volume: string, path: string): string {
  const where = path === '' ? 'lies on a disk of its own' : `has another disk mounted at "${path}"`
  const cure = path === '' ? ', or set staging: copy' : ''
  return `volume ${volume} ${where}: a backup that stays on one file system (tar or borg with --one-file-system, restic too) leaves that out. See that yours does not${cure}`
}
