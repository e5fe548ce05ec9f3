/** Warns of disks of the host that are mounted within volumes which are mounted in place. */
import { findOtherDevices } from '../container/devices.ts'
import { volumeDirectory } from '../container/layout.ts'
import { imageIdOnHost, type ReadyImage } from '../docker/images.ts'
import type { VolumeSource } from '../targets/resolve.ts'
import type { InstanceRun } from './instanceRun.ts'

const notLooked = (why: string) =>
  `whether disks of the host are mounted within the volumes is not known: ${why}. A backup that stays on one file system would leave them out`

/**
 * Returns one sentence for each disk in the selected part of a volume of `mounted` that a tool staying on one file system would leave out.
 * Never throws: if nobody could look, there are no sentences, and the log says so, unless the look ended with an error.
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
    const look = (id: string) =>
      findOtherDevices(host.docker, { images: [id], job: host.owner.job }, mounts, run.abort.signal)
    let found = await look(image.id)
    let why = 'the image has neither cat nor sh, and helperImage is not set'
    if (found === null && helperImage !== null) {
      // by its id: docker takes a word such as `cafe` for the beginning of another image's id
      const id = await imageIdOnHost(host.docker, helperImage, { signal: run.abort.signal })
      found = id === null ? null : await look(id)
      why =
        id === null
          ? `the image has neither cat nor sh, and helperImage ${helperImage} is not on this host (docker pull ${helperImage})`
          : 'neither the image nor helperImage has cat or sh'
    }
    if (found === null) {
      await run.log.write('marina', notLooked(why))
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
