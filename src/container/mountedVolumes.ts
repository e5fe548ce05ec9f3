/** Checks the volumes that are mounted in a created backup container: a mount of an empty or vanished volume must not pass for a backup. */
import { bytesOf, withAbove } from '../copy/listing.ts'
import { linkedPath, missingPath, nothingSelected } from '../copy/pathErrors.ts'
import { type FileToCopy, look } from '../docker/copyFiles.ts'
import type { Docker } from '../docker/process.ts'
import { vanishedVolumes } from '../docker/volumes.ts'
import type { VolumeSource } from '../targets/resolve.ts'
import { type Layout, volumeDirectory } from './layout.ts'

export interface CreatedContainer {
  readonly docker: Docker
  readonly id: string
  readonly layout: Layout
  /** The job's id. It is the value of the `made-by` label on a volume that our mount created implicitly, because the user's volume had vanished. */
  readonly madeBy: string
  readonly signal: AbortSignal
}

export interface MountedVolumes {
  /** Volumes that cannot be backed up, each with one sentence that says why. */
  readonly failed: ReadonlyMap<VolumeSource, string>
  /** For each volume with `paths`: the directories above these paths, with owner and mode as in the volume. */
  readonly parents: ReadonlyMap<VolumeSource, readonly FileToCopy[]>
}

export const VANISHED = 'was removed while its backup began: there is nothing to back up'
const EMPTY =
  'is empty, or holds nothing but sockets: nothing was backed up of it. If it may be empty, set allowEmpty: true'

/**
 * Checks each volume. `areWhole`: the whole volumes are mounted, also those of which only paths are backed up. Only then are paths checked,
 * since only then can owners and modes of the directories above them be read, and symbolic links be recognised.
 */
export async function lookIntoVolumes(
  container: CreatedContainer,
  volumes: readonly VolumeSource[],
  areWhole: boolean,
): Promise<MountedVolumes> {
  const names = volumes.map((source) => source.volume.name)
  const vanished = await vanishedVolumes(container.docker, names, container.madeBy)
  const failed = new Map<VolumeSource, string>()
  const parents = new Map<VolumeSource, readonly FileToCopy[]>()
  for (const source of volumes) {
    const { name } = source.volume
    if (vanished.includes(name)) {
      // our own mount made it anew, with nothing in it
      failed.set(source, `volume ${name} ${VANISHED}`)
    } else if (source.target.paths.length === 0) {
      if (!source.target.allowEmpty && (await isEmptyVolume(container, name)))
        failed.set(source, `volume ${name} ${EMPTY}`)
    } else if (areWhole) {
      const found = await lookAtPaths(container, source)
      if (typeof found === 'string') failed.set(source, found)
      else parents.set(source, found)
    }
  }
  return { failed, parents }
}

async function isEmptyVolume({ docker, id, layout, signal }: CreatedContainer, volume: string): Promise<boolean> {
  const found = await look(docker, id, volumeDirectory(layout, volume), { signal })
  return found === null || (found.type === 'directory' && found.empty)
}

/** Returns the directories above a target's paths, or a sentence that says what is wrong with the paths. */
async function lookAtPaths(
  { docker, id, layout, signal }: CreatedContainer,
  source: VolumeSource,
): Promise<readonly FileToCopy[] | string> {
  const { name } = source.volume
  const root = volumeDirectory(layout, name)
  const parents = new Map<string, FileToCopy>()
  let empty = true
  for (const path of source.target.paths) {
    for (const step of withAbove([path])) {
      if (parents.has(step)) continue
      const at = step === '.' ? root : `${root}/${step}`
      const found = await look(docker, id, at, { signal })
      if (found?.type === 'symlink') return linkedPath(name, bytesOf(path), bytesOf(step))
      if (found === null || (step !== path && found.type !== 'directory')) return missingPath(name, bytesOf(path))
      if (step === path) empty &&= found.type === 'directory' && found.empty
      else parents.set(step, { path: `${at.slice(1)}/`, mode: found.mode, uid: found.uid, gid: found.gid })
    }
  }
  return empty && !source.target.allowEmpty ? nothingSelected(name) : [...parents.values()]
}
