/**
 * How an instance holds its claim, and where its backup container comes from.
 * All targets mounted: the backup container is the claim. Anything copied, dumped or stopped: a workbench is.
 */
import { claim } from '../claim/claim.ts'
import { openWorkbench, type Workbench } from '../claim/helper.ts'
import { engineNow } from '../claim/host.ts'
import type { Instance } from '../config/model.ts'
import type { BenchTools } from '../copy/copyHelper.ts'
import { probeTools } from '../copy/tools.ts'
import { createCall, type Mount, type RunSpec } from '../docker/args.ts'
import { createContainer, inspectContainer, removeContainer } from '../docker/containers.ts'
import { ensureImage, type Image } from '../docker/images.ts'
import {
  type Claim,
  claimLabels,
  claimName,
  imageName,
  type Kind,
  parseClaim,
  stagingLabels,
} from '../docker/labels.ts'
import { type Docker, run } from '../docker/process.ts'
import { removeMadeVolumes, vanishedVolumes } from '../docker/volumes.ts'
import { asError, InstanceError } from '../errors.ts'
import type { RunContext } from './context.ts'

export interface Hold {
  /** The workbench, where there is one. */
  readonly bench: { readonly workbench: Workbench; readonly tools: BenchTools } | null
  /** Of the volumes to copy, those that were removed before they could be mounted. */
  readonly vanished: readonly string[]
  /** Creates the backup container with `/backup` and these mounts. */
  create(mounts: readonly Mount[], env: Readonly<Record<string, string>>): Promise<string>
  /**
   * Removes all of it; the claim ends. Has deadlines of its own, so that a cancelled run still releases. With `keepJournal`, where an
   * application is still down, the workbench stays, orphaned, for `post` and the next start to repair from.
   */
  release(keepJournal: boolean): Promise<void>
}

export interface HoldRequest {
  readonly context: RunContext
  readonly instance: Instance
  readonly image: Image
  readonly signal: AbortSignal
  /** Called as soon as the claim is ours: waiting for it is not the instance's own time. */
  readonly onClaimed: () => void
}

/** What comes on top of `timeout` before others may call the claim stale, ms: stopping, starting again, postHooks and release have deadlines of their own. */
const RELEASE_MS = 3 * 3_600_000

/** The backup container as the claim. It is taken at the first `create`. */
export function holdByBackup(request: HoldRequest): Hold {
  const name = claimName(request.instance.id)
  let current: string | null = null
  return {
    bench: null,
    vanished: [],
    async create(mounts, env) {
      const staging: Mount = { type: 'anonymous', target: '/backup', labels: stagingLabels(request.instance.id) }
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

/** A workbench as the claim, with the volumes to copy read-only at `/marina/source/<n>`. */
export async function holdByWorkbench(
  request: HoldRequest,
  sources: readonly string[],
  journal: Journal,
): Promise<Hold> {
  const { context, instance, image, signal } = request
  const { docker } = context.host
  const name = claimName(instance.id)
  const helper = instance.helperImage
  const { job } = context.host.owner
  const opened = await openWorkbench(
    context.host,
    {
      name,
      images: [
        async () => image,
        ...(helper === null ? [] : [() => ensureImage(docker, helper, 'missing', { signal })]),
      ],
      labels: labelsOf(request, 'workbench', name, journal, null),
      mounts: [
        { type: 'anonymous', target: '/backup', labels: stagingLabels(instance.id) },
        ...sources.map(
          (source, index): Mount => ({
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
  const workbench = opened.bench
  const known = async () => ({
    staging: await stagingVolume(request, workbench.id),
    vanished: await vanishedVolumes(docker, sources, job),
  })
  const { staging, vanished } = await known().catch((error: unknown) => workbench.releaseAfter(error))
  let backup: string | null = null
  return {
    bench: { workbench, tools: opened.tools },
    vanished,
    async create(mounts, env) {
      // one that is gone took its volume along, and a mount would make an empty one of that name
      await stagingVolume(request, workbench.id)
      const own = imageName(instance.id)
      const labels = labelsOf(request, 'image', own, NO_JOURNAL, workbench.id)
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
      // while the backup container is there the staging volume is in use, and would outlive the workbench: both wait for the sweep
      await (keepJournal || stays !== null ? workbench.abandon() : workbench.release())
      if (stays !== null) throw stays
      if (workbench.lost.aborted) await freeStaging(docker, staging)
      await removeMadeVolumes(docker, vanished, job)
    },
  }
}

export const sourcePath = (index: number) => `/marina/source/${index}`

/** The claim is ours, so a container of this name is a dead run's, or not Marina's at all. */
async function createUnderClaim(request: HoldRequest, spec: RunSpec): Promise<string> {
  const { docker } = request.context.host
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const created = await createContainer(docker, createCall(spec), `container ${spec.name} could not be created`, {
      deadlineMs: 120_000,
    })
    if (created.kind === 'created') return created.id
    const found = await inspectContainer(docker, spec.name)
    if (found === null) continue
    if (parseClaim(found) === null) break
    await removeContainer(docker, found.id)
  }
  throw new InstanceError(
    `a container named ${spec.name} is on this host, and it is not Marina's: rename or remove it (docker rm ${spec.name})`,
  )
}

async function stagingVolume(request: HoldRequest, workbench: string): Promise<string> {
  const found = await inspectContainer(request.context.host.docker, workbench)
  const volume = found?.mounts.find((mount) => mount.target === '/backup')?.name
  if (volume) return volume
  throw new InstanceError('the workbench was removed by someone else while the data was staged')
}

/** Whoever removes a workbench without its volumes leaves the staging volume behind. One that is gone is fine. */
async function freeStaging(docker: Docker, volume: string): Promise<void> {
  await run(
    docker,
    ['volume', 'rm', '--force', volume],
    'the staging volume of the workbench, which died, is still there',
  )
}

function labelsOf(
  request: HoldRequest,
  kind: Kind,
  self: string,
  journal: Journal,
  workbench: string | null,
): Record<string, string> {
  const { context, instance } = request
  const labels: Omit<Claim, 'container'> = {
    kind,
    self,
    instance: instance.id,
    owner: context.host.owner,
    deadline: engineNow(context.host) + context.lockWaitMs + instance.timeoutMs + RELEASE_MS,
    ...journal,
    workbench,
  }
  return claimLabels(labels)
}

function backupSpec(
  request: HoldRequest,
  name: string,
  labels: Record<string, string>,
  mounts: readonly Mount[],
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
    workbench: false,
  }
}

function userMount(mount: Instance['mounts'][number]): Mount {
  if (mount.type === 'tmpfs') return { type: 'tmpfs', target: mount.target }
  return { type: mount.type, source: mount.source ?? '', target: mount.target, readonly: mount.readonly }
}
