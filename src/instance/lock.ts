/**
 * Takes and releases the claim of an instance, and creates its backup container. If all targets are mounted, the backup container is the
 * claim. If anything is copied, dumped or stopped, a helper is.
 */
import { claim } from '../claim/claim.ts'
import { type HelperContainer, type HelperSpec, startHelper } from '../claim/helperContainer.ts'
import { whyNotOurs } from '../claim/holder.ts'
import type { CopyTools } from '../copy/copyHelper.ts'
import { probeTools } from '../copy/tools.ts'
import { createCall, type MountSpec, type RunSpec } from '../docker/args.ts'
import { createContainer, inspectContainer, removeContainer } from '../docker/containers.ts'
import { ensureImage } from '../docker/images.ts'
import {
  claimLabels,
  claimName,
  imageClaimName,
  type Journal,
  type JournalEntry,
  stagingLabels,
} from '../docker/labels.ts'
import { type Docker, run } from '../docker/process.ts'
import { removeMadeVolumes, vanishedVolumes } from '../docker/volumes.ts'
import { asError, InstanceError } from '../errors.ts'
import { backupSpec, claimBase, type LockRequest } from './containerSpecs.ts'

export interface AcquiredLock {
  /** The helper; `null` if the backup container itself is the claim. */
  readonly helper: LockHelper | null
  /** Those of the volumes to copy that were removed before they could be mounted. */
  readonly vanished: readonly string[]
  /**
   * Creates the container of the image with the staging volume (at `/backup`, for a restore at `/restore`) and these mounts, and returns its
   * id. Without a helper this takes the claim.
   */
  create(mounts: readonly MountSpec[], env: Readonly<Record<string, string>>): Promise<string>
  /**
   * Removes the claim and everything that belongs to it. It has deadlines of its own, so a cancelled run releases too. For applications
   * that are still down it leaves a journal container, so that `post` and the next run try again. Throws if the backup container cannot be
   * removed; then the helper stays too, for the next sweep.
   */
  release(down: readonly JournalEntry[]): Promise<void>
  /** Leaves all of it to `post` and the next start, and sends the engine nothing. */
  abandon(): void
}

/** The helper that is the claim, and what its tools can do. */
export interface LockHelper extends HelperContainer {
  readonly tools: CopyTools
}

const CREATE_MS = 120_000
const PROBE_MS = 60_000
/** Number of tries to create a container whose name others take again and again. */
const CREATE_ATTEMPTS = 3

/** Makes the lock without a helper. Each `create` takes the claim anew: remove the container of the one before first, which frees the claim. */
export function lockByBackupContainer(request: LockRequest): AcquiredLock {
  const { context, instance } = request
  const name = claimName(instance.id)
  const labels = claimLabels({ kind: 'backup', self: name, ...claimBase(request) })
  let current: string | null = null
  return {
    helper: null,
    vanished: [],
    async create(mounts, env) {
      const spec = backupSpec(request, {
        name,
        labels,
        env,
        mounts: [stagingMount(instance.id, `/${request.work}`), ...mounts],
      })
      current = await claim(context.host, spec, waitOf(request))
      return current
    },
    async release() {
      if (current !== null) await removeContainer(context.host.docker, current)
    },
    abandon() {},
  }
}

/** Takes the claim with a helper. The volumes with the names `sources`, which are to be copied, are mounted in it read-only at `sourcePath`. */
export async function lockByHelper(
  request: LockRequest,
  sources: readonly string[],
  journal: Journal,
): Promise<AcquiredLock> {
  const { docker, owner } = request.context.host
  const helper = await openHelper(request, sources, journal)
  const facts = async () => ({
    staging: await stagingVolume(request, helper.id),
    vanished: await vanishedVolumes(docker, sources, owner.job),
  })
  const { staging, vanished } = await facts().catch((error: unknown) => helper.releaseAfter(error))
  let backup: string | null = null
  return {
    helper,
    vanished,
    async create(mounts, env) {
      backup = await createBesideHelper(request, helper.id, { mounts, env })
      return backup
    },
    async release(down) {
      const stays = backup === null ? null : await removeContainer(docker, backup).then(() => null, asError)
      // while the backup container is there the staging volume is in use, and would outlive the helper: both wait for the sweep
      if (stays !== null) {
        helper.abandon()
        throw stays
      }
      await (down.length === 0 ? helper.release() : helper.releaseWithout(down))
      if (helper.lost.aborted) await freeStaging(docker, staging)
      await removeMadeVolumes(docker, vanished, owner.job)
    },
    abandon: helper.abandon,
  }
}

/** Returns the path in the helper of a volume that is to be copied. */
export const sourcePath = (volume: string) => `/marina/source/${volume}`

async function openHelper(request: LockRequest, sources: readonly string[], journal: Journal): Promise<LockHelper> {
  const { context, instance, signal } = request
  const { owner } = context.host
  const opened = await startHelper(
    context.host,
    {
      claim: { kind: 'helper', self: claimName(instance.id), ...claimBase(request), ...journal },
      images: helperImages(request),
      mounts: [
        stagingMount(instance.id, '/backup'),
        ...sources.map(
          (source): MountSpec => ({
            type: 'volume',
            source,
            target: sourcePath(source),
            readonly: true,
            madeBy: owner.job,
          }),
        ),
      ],
    },
    waitOf(request),
    (exec) => probeTools(exec, PROBE_MS, signal),
  )
  return { ...opened.helper, tools: opened.tools }
}

/** Returns the images that a helper may be made of, in the order in which they are tried. */
export function helperImages({ context, instance, image, signal }: LockRequest): HelperSpec['images'] {
  const { helperImage } = instance
  // it is pulled only where the host has none, whatever `pull` says; but a `never` holds for it too, since it gets the volumes
  const pull = instance.pull === 'never' ? 'never' : 'missing'
  return [
    async () => image,
    ...(helperImage === null ? [] : [() => ensureImage(context.host.docker, helperImage, pull, { signal })]),
  ]
}

/** Creates the image's container with the helper's staging volume, which is looked up anew: see `stagingVolume`. */
async function createBesideHelper(
  request: LockRequest,
  helper: string,
  { mounts, env }: { readonly mounts: readonly MountSpec[]; readonly env: Readonly<Record<string, string>> },
): Promise<string> {
  const staging = await stagingVolume(request, helper)
  const name = imageClaimName(request.instance.id)
  const spec = backupSpec(request, {
    name,
    labels: claimLabels({ kind: 'image', self: name, helper, ...claimBase(request) }),
    env,
    mounts: [{ type: 'volume', source: staging, target: `/${request.work}`, readonly: false }, ...mounts],
  })
  return createUnderClaim(request, spec)
}

/**
 * Creates the backup container while the claim is ours. If a container of ours has that name, a dead run left it, and it is removed. Throws
 * `InstanceError` if it is somebody else's, or if the name is taken again after each removal.
 */
async function createUnderClaim(request: LockRequest, spec: RunSpec): Promise<string> {
  const { docker } = request.context.host
  for (let attempt = 0; attempt < CREATE_ATTEMPTS; attempt += 1) {
    const created = await createContainer(docker, createCall(spec), `container ${spec.name} could not be created`, {
      deadlineMs: CREATE_MS,
    })
    if (created.kind === 'created') return created.id
    const found = await inspectContainer(docker, spec.name)
    if (found === null) continue
    if (!found.ours) throw new InstanceError(whyNotOurs(found))
    await removeContainer(docker, found.id)
  }
  throw new InstanceError(
    `container ${spec.name} could not be created: whenever it was removed, somebody created another of that name. See what does (docker events)`,
  )
}

/**
 * Returns the name of the helper's staging volume. Throws `InstanceError` if the helper was removed: then its staging volume is gone too,
 * and mounting it by name would silently create an empty one.
 */
export async function stagingVolume(request: Pick<LockRequest, 'context'>, helper: string): Promise<string> {
  const found = await inspectContainer(request.context.host.docker, helper)
  const volume = found?.mounts.find((mount) => mount.target === '/backup')?.name
  if (volume) return volume
  throw new InstanceError('the helper was removed by someone else while the data was staged')
}

/** Removes the staging volume of a helper that somebody removed without its volumes. If it does not exist any more, that is fine. */
async function freeStaging(docker: Docker, volume: string): Promise<void> {
  await run(docker, ['volume', 'rm', '--force', volume], 'the staging volume of the helper, which died, is still there')
}

function stagingMount(instance: string, target: string): MountSpec {
  return { type: 'anonymous', target, labels: stagingLabels(instance) }
}

function waitOf({ context, signal, onClaimed, say }: LockRequest) {
  return { lockWaitMs: context.lockWaitMs, signal, onClaimed, say }
}
