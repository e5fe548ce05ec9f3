/**
 * How an instance holds its claim, and where its backup container comes from.
 * All targets mounted: the backup container is the claim. Anything copied, dumped or stopped: a helper is.
 */
import { claim, whyNotOurs } from '../claim/claim.ts'
import { type HelperContainer, startHelper } from '../claim/helper.ts'
import { engineNow } from '../claim/host.ts'
import type { Instance } from '../config/model.ts'
import type { CopyTools } from '../copy/copyHelper.ts'
import { probeTools } from '../copy/tools.ts'
import { createCall, type MountSpec, type RunSpec } from '../docker/args.ts'
import { createContainer, inspectContainer, removeContainer } from '../docker/containers.ts'
import { ensureImage, type ReadyImage } from '../docker/images.ts'
import { type Claim, type ClaimKind, claimLabels, claimName, imageName, stagingLabels } from '../docker/labels.ts'
import { type Docker, run } from '../docker/process.ts'
import { removeMadeVolumes, vanishedVolumes } from '../docker/volumes.ts'
import { asError, InstanceError } from '../errors.ts'
import type { InstanceContext } from './context.ts'

export interface AcquiredLock {
  /** The helper, where there is one. */
  readonly helper: { readonly container: HelperContainer; readonly tools: CopyTools } | null
  /** Of the volumes to copy, those that were removed before they could be mounted. */
  readonly vanished: readonly string[]
  /** Creates the backup container with `/backup` and these mounts. */
  create(mounts: readonly MountSpec[], env: Readonly<Record<string, string>>): Promise<string>
  /**
   * Removes all of it; the claim ends. Has deadlines of its own, so that a cancelled run still releases. With `keepJournal`, where an
   * application is still down, the helper stays, orphaned, for `post` and the next start to repair from.
   */
  release(keepJournal: boolean): Promise<void>
}

export interface LockRequest {
  readonly context: InstanceContext
  readonly instance: Instance
  readonly image: ReadyImage
  readonly signal: AbortSignal
  /** Called as soon as the claim is ours: waiting for it is not the instance's own time. */
  readonly onClaimed: () => void
}

/** What comes on top of `timeout` before others may call the claim stale, ms: stopping, starting again, postHooks and release have deadlines of their own. */
const RELEASE_MS = 3 * 3_600_000

/** The backup container as the claim. It is taken at the first `create`. */
export function lockByBackupContainer(request: LockRequest): AcquiredLock {
  const name = claimName(request.instance.id)
  let current: string | null = null
  return {
    helper: null,
    vanished: [],
    async create(mounts, env) {
      const staging: MountSpec = { type: 'anonymous', target: '/backup', labels: stagingLabels(request.instance.id) }
      const spec = backupSpec(
        request,
        name,
        labelsOf(request, 'backup', name, NO_JOURNAL, null),
        [staging, ...mounts],
        env,
      )
      current = await claim(request.context.host, spec, {
        lockWaitMs: request.context.lockWaitMs,
        signal: request.signal,
        onClaimed: request.onClaimed,
      })
      return current
    },
    async release() {
      if (current !== null) await removeContainer(request.context.host.docker, current)
    },
  }
}

/** What others on the host must know of a claim. */
export type Journal = Pick<Claim, 'restart' | 'dumps' | 'hooks'>

const NO_JOURNAL: Journal = { restart: [], dumps: [], hooks: [] }

/** A helper as the claim, with the volumes to copy read-only at `/marina/source/<n>`. */
export async function lockByHelper(
  request: LockRequest,
  sources: readonly string[],
  journal: Journal,
): Promise<AcquiredLock> {
  const { context, instance, image, signal } = request
  const { docker } = context.host
  const name = claimName(instance.id)
  const { helperImage } = instance
  const { job } = context.host.owner
  const opened = await startHelper(
    context.host,
    {
      name,
      images: [
        async () => image,
        ...(helperImage === null ? [] : [() => ensureImage(docker, helperImage, 'missing', { signal })]),
      ],
      labels: labelsOf(request, 'helper', name, journal, null),
      mounts: [
        { type: 'anonymous', target: '/backup', labels: stagingLabels(instance.id) },
        ...sources.map(
          (source, index): MountSpec => ({
            type: 'volume',
            source,
            target: sourcePath(index),
            readonly: true,
            madeBy: job,
          }),
        ),
      ],
    },
    { lockWaitMs: context.lockWaitMs, signal, onClaimed: request.onClaimed },
    (exec) => probeTools(exec, 60_000, signal),
  )
  const helper = opened.helper
  const known = async () => ({
    staging: await stagingVolume(request, helper.id),
    vanished: await vanishedVolumes(docker, sources, job),
  })
  const { staging, vanished } = await known().catch((error: unknown) => helper.releaseAfter(error))
  let backup: string | null = null
  return {
    helper: { container: helper, tools: opened.tools },
    vanished,
    async create(mounts, env) {
      // one that is gone took its volume along, and a mount would make an empty one of that name
      await stagingVolume(request, helper.id)
      const own = imageName(instance.id)
      const labels = labelsOf(request, 'image', own, NO_JOURNAL, helper.id)
      const spec = backupSpec(
        request,
        own,
        labels,
        [{ type: 'volume', source: staging, target: '/backup', readonly: false }, ...mounts],
        env,
      )
      backup = await createUnderClaim(request, spec)
      return backup
    },
    async release(keepJournal) {
      const stays = backup === null ? null : await removeContainer(docker, backup).then(() => null, asError)
      // while the backup container is there the staging volume is in use, and would outlive the helper: both wait for the sweep
      await (keepJournal || stays !== null ? helper.abandon() : helper.release())
      if (stays !== null) throw stays
      if (helper.lost.aborted) await freeStaging(docker, staging)
      await removeMadeVolumes(docker, vanished, job)
    },
  }
}

/** As often a name is freed that is taken again. */
const CREATE_ATTEMPTS = 3

export const sourcePath = (index: number) => `/marina/source/${index}`

/** Creates the backup container while the claim is ours. A claim of that name is a dead run's, and is removed. */
async function createUnderClaim(request: LockRequest, spec: RunSpec): Promise<string> {
  const { docker } = request.context.host
  for (let attempt = 0; attempt < CREATE_ATTEMPTS; attempt += 1) {
    const created = await createContainer(docker, createCall(spec), `container ${spec.name} could not be created`, {
      deadlineMs: 120_000,
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

async function stagingVolume(request: LockRequest, helper: string): Promise<string> {
  const found = await inspectContainer(request.context.host.docker, helper)
  const volume = found?.mounts.find((mount) => mount.target === '/backup')?.name
  if (volume) return volume
  throw new InstanceError('the helper was removed by someone else while the data was staged')
}

/** Whoever removes a helper without its volumes leaves the staging volume behind. One that is gone is fine. */
async function freeStaging(docker: Docker, volume: string): Promise<void> {
  await run(docker, ['volume', 'rm', '--force', volume], 'the staging volume of the helper, which died, is still there')
}

function labelsOf(
  request: LockRequest,
  kind: ClaimKind,
  self: string,
  journal: Journal,
  helper: string | null,
): Record<string, string> {
  const { context, instance } = request
  const labels: Omit<Claim, 'container'> = {
    kind,
    self,
    instance: instance.id,
    owner: context.host.owner,
    deadline: engineNow(context.host) + context.lockWaitMs + instance.timeoutMs + RELEASE_MS,
    ...journal,
    helper,
  }
  return claimLabels(labels)
}

function backupSpec(
  request: LockRequest,
  name: string,
  labels: Record<string, string>,
  mounts: readonly MountSpec[],
  env: Readonly<Record<string, string>>,
): RunSpec {
  const { instance, image } = request
  return {
    name,
    image: image.id,
    labels,
    mounts: [...mounts, ...instance.mounts.map(userMount)],
    env,
    entrypoint: instance.entrypoint,
    command: ['/backup.sh'],
    user: instance.user,
    network: instance.network,
    memory: instance.resources.memory,
    cpus: instance.resources.cpus,
    helper: false,
  }
}

function userMount(mount: Instance['mounts'][number]): MountSpec {
  if (mount.type === 'tmpfs') return { type: 'tmpfs', target: mount.target }
  return { type: mount.type, source: mount.source ?? '', target: mount.target, readonly: mount.readonly }
}
