/**
 * Makes the spec of the container that runs an instance's image (to back up or to restore), and the part of the labels that all its
 * containers share. Pure.
 */
import { engineNow } from '../claim/host.ts'
import type { Instance } from '../config/model.ts'
import type { ImageWork } from '../container/backupVerdict.ts'
import type { MountSpec, RunSpec } from '../docker/args.ts'
import type { ReadyImage } from '../docker/images.ts'
import type { RunStart } from '../docker/labels.ts'
import type { InstanceContext } from './context.ts'

export interface LockRequest {
  /** The work for which the image is started. */
  readonly work: ImageWork
  readonly context: InstanceContext
  readonly instance: Instance
  readonly image: ReadyImage
  readonly start: RunStart
  readonly signal: AbortSignal
  /** Called as soon as the claim is ours. The wait for it does not count as the instance's own time. */
  readonly onClaimed: () => void
  /** Called with lines about what is waited for: another holder of the lock, for example. */
  readonly say: (line: string) => Promise<void>
}

/**
 * Time that is added to `timeout` before other processes may call the claim stale, ms: stopping, starting again, postHooks and release have
 * deadlines of their own.
 */
const RELEASE_MS = 3 * 3_600_000

/** Makes the part that all claims of one run of an instance have in common. A restore has no start there: if it dies, no backup has died. */
export function claimBase({ work, context, instance, start }: LockRequest) {
  const { host, lockWaitMs } = context
  const deadline = engineNow(host) + lockWaitMs + instance.timeoutMs + RELEASE_MS
  return { instance: instance.id, owner: host.owner, deadline, ...(work === 'backup' ? { start } : {}) }
}

/** Makes the spec of the container that runs the image. The instance's own mounts come after ours. */
export function backupSpec(
  { work, instance, image }: LockRequest,
  own: Pick<RunSpec, 'name' | 'labels' | 'mounts' | 'env'>,
): RunSpec {
  return {
    ...own,
    mounts: [...own.mounts, ...instance.mounts.map(userMount)],
    image: image.id,
    entrypoint: instance.entrypoint,
    command: [`/${work}.sh`],
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
