/** Fills the backup container before it starts (`/backup` and the run directory, the manifest, the script), owned by the user that it runs as. */
import type { Instance } from '../config/model.ts'
import { copyIn, type FileToCopy, look } from '../docker/copyFiles.ts'
import type { ReadyImage } from '../docker/images.ts'
import type { Docker } from '../docker/process.ts'
import { InstanceError } from '../errors.ts'
import { type Layout, ownDirectories } from './layout.ts'
import { type NumericUser, needsFiles, numericUser } from './user.ts'

export interface Contents {
  readonly layout: Layout
  /** Tells which of the directories `volume/`, `listings/` and `db/` are needed. */
  readonly uses: Parameters<typeof ownDirectories>[1]
  /** The directories above the paths of mounted volumes, with the owners and modes that they have in the volumes. */
  readonly parents: readonly FileToCopy[]
  readonly manifest: Buffer
  readonly script: Buffer | null
}

export interface ImageUserRequest {
  readonly docker: Docker
  readonly instance: Instance
  readonly image: ReadyImage
  readonly signal: AbortSignal
}

/** Puts everything into the created container in one call, and returns the user to whom it belongs. Throws as `imageUserOf` does. */
export async function fillContainer(
  request: ImageUserRequest,
  container: string,
  { layout, uses, parents, manifest, script }: Contents,
): Promise<NumericUser> {
  const owner = await imageUserOf(request, container)
  const files: readonly FileToCopy[] = [
    ...ownDirectories(layout, uses).map((path) => ({ path: `${path.slice(1)}/`, mode: 0o755, ...owner })),
    ...parents,
    { path: `${layout.directory.slice(1)}/manifest.json`, mode: 0o644, ...owner, content: manifest },
    ...(script ? [{ path: 'backup.sh', mode: 0o755, ...owner, content: script }] : []),
  ]
  await copyIn(request.docker, container, files, { signal: request.signal })
  return owner
}

/**
 * Looks up the numbers of the user that the container runs as (the configuration's or the image's), in the created container's own files.
 * Throws `InstanceError` if they do not name the user.
 */
export async function imageUserOf(
  { docker, instance, image, signal }: ImageUserRequest,
  container: string,
): Promise<NumericUser> {
  const user = instance.user ?? image.user
  const read = async (path: string) =>
    (await look(docker, container, path, { keep: true, signal }))?.content?.toString() ?? ''
  const [passwd, group] = needsFiles(user) ? [await read('/etc/passwd'), await read('/etc/group')] : ['', '']
  const numbers = numericUser(user, passwd, group)
  if (numbers) return numbers
  throw new InstanceError(
    `user ${user} is not in /etc/passwd or /etc/group of image ${image.reference}: give its numbers, such as user: "1000:1000"`,
  )
}
