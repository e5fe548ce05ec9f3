/**
 * The backup container, from its creation to the moment before its start: mounts in place, `/backup` and the run directory owned by
 * the image's user, manifest and script put in, each mounted volume looked into.
 */
import type { Instance } from '../config/model.ts'
import { bytesOf, withAbove } from '../copy/listing.ts'
import { linkedPath, missingPath, nothingSelected } from '../copy/pathErrors.ts'
import type { MountSpec } from '../docker/args.ts'
import { removeContainer } from '../docker/containers.ts'
import { copyIn, type FileToCopy, look } from '../docker/copyFiles.ts'
import type { ReadyImage } from '../docker/images.ts'
import type { Docker } from '../docker/process.ts'
import { removeMadeVolumes, vanishedVolumes } from '../docker/volumes.ts'
import { InstanceError } from '../errors.ts'
import type { VolumeSource } from '../targets/resolve.ts'
import { type Layout, ownDirectories, volumeDirectory } from './layout.ts'
import { type NumericUser, needsFiles, numericUser } from './user.ts'

export interface ContainerPlan {
  readonly docker: Docker
  readonly instance: Instance
  readonly image: ReadyImage
  readonly layout: Layout
  /** The volumes to mount in place. */
  readonly mounted: readonly VolumeSource[]
  /** What was copied or dumped into the staging volume. */
  readonly staged: { readonly volumes: boolean; readonly databases: boolean }
  readonly script: Buffer | null
  /** Marks a volume that a mount of ours creates, because it vanished. */
  readonly madeBy: string
  readonly signal: AbortSignal
  /** Creates the container with these mounts below `/backup`, knowing which targets failed by now. */
  readonly create: (mounts: readonly MountSpec[], failed: readonly TargetFailure[]) => Promise<string>
  readonly manifest: (mounted: readonly VolumeSource[], failed: readonly TargetFailure[]) => Buffer
}

export interface TargetFailure {
  readonly source: VolumeSource
  readonly error: string
}

export interface ReadyContainer {
  /** `null` where no target is left for it. */
  readonly id: string | null
  /** Who the image runs as. */
  readonly owner: NumericUser
  readonly mounted: readonly VolumeSource[]
  readonly failed: readonly TargetFailure[]
}

/**
 * Creates the container, and creates it again without each mounted target that turns out empty, gone, or without its paths.
 * `isEnough` says whether what is left is worth a run.
 */
export async function readyContainer(
  plan: ContainerPlan,
  isEnough: (mounted: readonly VolumeSource[]) => boolean,
): Promise<ReadyContainer> {
  let mounted = plan.mounted
  const failed: TargetFailure[] = []
  // paths are looked at through the whole volume first: only there do the directories above them tell their owners, and links show
  let parents: readonly FileToCopy[] | null = mounted.some(usesSubpaths) ? null : []
  for (;;) {
    if (!isEnough(mounted)) return { id: null, owner: { uid: 0, gid: 0 }, mounted, failed }
    const whole = parents === null
    const id = await plan.create(
      mounted.flatMap((source) => mountsOf(source, plan, whole)),
      failed,
    )
    try {
      const found = await examine(plan, id, mounted, whole)
      if (found.failed.length === 0 && !whole) {
        const owner = await putIn(plan, id, parents ?? [], mounted, failed)
        return { id, owner, mounted, failed }
      }
      failed.push(...found.failed)
      mounted = mounted.filter((source) => !found.failed.some((failure) => failure.source === source))
      if (whole) parents = found.parents
      else parents = (parents ?? []).filter((entry) => mounted.some((source) => isBelow(entry, source, plan.layout)))
    } catch (error) {
      // where it cannot be removed now the release tries again, and says so
      await removeContainer(plan.docker, id).catch(() => {})
      throw error
    }
    await removeContainer(plan.docker, id)
    await removeMadeVolumes(
      plan.docker,
      failed.map(({ source }) => source.volume.name),
      plan.madeBy,
    )
  }
}

const usesSubpaths = (source: VolumeSource) => source.staging.kind === 'mount' && source.staging.subpaths

const isBelow = (entry: FileToCopy, source: VolumeSource, layout: Layout) =>
  `/${entry.path}`.startsWith(`${volumeDirectory(layout, source.volume.name)}/`)

function mountsOf(source: VolumeSource, { layout, madeBy }: ContainerPlan, whole: boolean): readonly MountSpec[] {
  const target = volumeDirectory(layout, source.volume.name)
  const mount = { type: 'volume', source: source.volume.name, target, readonly: true, madeBy } as const
  if (whole || !usesSubpaths(source)) return [mount]
  return source.target.paths.map((path) => ({ ...mount, target: `${target}/${path}`, subpath: path }))
}

interface Examined {
  readonly failed: readonly TargetFailure[]
  /** The directories above the paths, as they are in the volume. */
  readonly parents: readonly FileToCopy[]
}

/** Looks into each mounted volume. One that vanished since it was inspected was made anew by our own mount: then there is nothing to back up. */
async function examine(
  plan: ContainerPlan,
  id: string,
  mounted: readonly VolumeSource[],
  whole: boolean,
): Promise<Examined> {
  const names = mounted.map((source) => source.volume.name)
  const vanished = await vanishedVolumes(plan.docker, names, plan.madeBy)
  const failed: TargetFailure[] = []
  const parents: FileToCopy[] = []
  for (const source of mounted) {
    const { name } = source.volume
    const fail = (error: string) => failed.push({ source, error })
    if (vanished.includes(name)) {
      fail(`volume ${name} ${VANISHED}`)
    } else if (whole && usesSubpaths(source)) {
      const looked = await lookAtPaths(plan, id, source)
      if (typeof looked === 'string') fail(looked)
      else parents.push(...looked)
    } else if (!source.target.allowEmpty && !usesSubpaths(source)) {
      const found = await look(plan.docker, id, volumeDirectory(plan.layout, name), { signal: plan.signal })
      if (found === null || (found.type === 'directory' && found.empty)) fail(`volume ${name} ${EMPTY}`)
    }
  }
  return { failed, parents }
}

export const VANISHED = 'was removed while its backup began: there is nothing to back up'
const EMPTY =
  'is empty, or holds nothing but sockets: nothing was backed up of it. If it may be empty, set allowEmpty: true'

/** The directories above a target's paths, or what is wrong with the paths. */
async function lookAtPaths(
  plan: ContainerPlan,
  id: string,
  source: VolumeSource,
): Promise<readonly FileToCopy[] | string> {
  const { name } = source.volume
  const root = volumeDirectory(plan.layout, name)
  const parents = new Map<string, FileToCopy>()
  let empty = true
  for (const path of source.target.paths) {
    for (const step of withAbove([path])) {
      if (parents.has(step)) continue
      const at = step === '.' ? root : `${root}/${step}`
      const found = await look(plan.docker, id, at, { signal: plan.signal })
      if (found?.type === 'symlink') return linkedPath(name, bytesOf(path), bytesOf(step))
      if (found === null || (step !== path && found.type !== 'directory')) return missingPath(name, bytesOf(path))
      if (step === path) empty &&= found.type === 'directory' && found.empty
      else parents.set(step, { path: `${at.slice(1)}/`, mode: found.mode, uid: found.uid, gid: found.gid })
    }
  }
  return empty && !source.target.allowEmpty ? nothingSelected(name) : [...parents.values()]
}

async function putIn(
  plan: ContainerPlan,
  id: string,
  parents: readonly FileToCopy[],
  mounted: readonly VolumeSource[],
  failed: readonly TargetFailure[],
): Promise<NumericUser> {
  const owner = await ownerOf(plan, id)
  const uses = { ...plan.staged, volumes: plan.staged.volumes || mounted.length > 0 }
  await copyIn(
    plan.docker,
    id,
    [
      ...ownDirectories(plan.layout, uses).map((path) => ({ path: `${path.slice(1)}/`, mode: 0o755, ...owner })),
      ...parents,
      {
        path: `${plan.layout.directory.slice(1)}/manifest.json`,
        mode: 0o644,
        ...owner,
        content: plan.manifest(mounted, failed),
      },
      ...(plan.script ? [{ path: 'backup.sh', mode: 0o755, ...owner, content: plan.script }] : []),
    ],
    { signal: plan.signal },
  )
  return owner
}

/** The numbers of the user that the image runs as, looked up in the created container's own files. */
export async function ownerOf(
  plan: Pick<ContainerPlan, 'docker' | 'instance' | 'image' | 'signal'>,
  id: string,
): Promise<NumericUser> {
  const user = plan.instance.user ?? plan.image.user
  const read = async (path: string) =>
    (await look(plan.docker, id, path, { keep: true, signal: plan.signal }))?.content?.toString() ?? ''
  const [passwd, group] = needsFiles(user) ? [await read('/etc/passwd'), await read('/etc/group')] : ['', '']
  const numbers = numericUser(user, passwd, group)
  if (numbers) return numbers
  throw new InstanceError(
    `user ${user} is not in /etc/passwd or /etc/group of image ${plan.image.reference}: give its numbers, such as user: "1000:1000"`,
  )
}
