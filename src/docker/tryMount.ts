/**
 * Tries whether the engine can mount folders of the host, and volumes that may lie elsewhere: on a server, on a disk of their own, or with a driver of their own.
 * Each is tried in a container of its own, since a mount can hang without an answer (NFS hangs for minutes, and for ever where it is
 * mounted already). While it hangs the engine keeps the container locked, and can neither inspect nor remove it. So no container with a
 * name that is needed again may be the first to mount such a volume.
 *
 * A mount that hangs cannot be ended from here: it is the kernel's or the driver's. When it ends, the engine removes the container, for it
 * still has our request. If that request was lost (the engine restarted), a later start finds the container by its label. A volume that was
 * mounted well here can still hang a moment later, when it is mounted in earnest: that fails the instance.
 */
import { randomBytes } from 'node:crypto'
import { CommandError } from '../errors.ts'
import { limit } from '../format.ts'
import { createCall, type RunSpec } from './args.ts'
import { createContainer, removeContainer } from './containers.ts'
import { look } from './copyFiles.ts'
import { lookLabels } from './labels.ts'
import { couldNotBeMounted, mountFailureIn } from './mountFailures.ts'
import { shownOptions } from './mountOptions.ts'
import type { Docker } from './process.ts'
import { query } from './process.ts'
import type { Volume } from './volumes.ts'

export interface MountTrial {
  readonly docker: Docker
  /** Id of an image on the host. Nothing of it is started. */
  readonly image: string
  /** The job's id, which labels the containers. */
  readonly job: string
  readonly signal: AbortSignal
  /** Time for each volume, ms. */
  readonly deadlineMs: number
}

/** Longest time that a volume gets for its mount, ms. A server that is only slow, or a disk that spins up, answers before that. */
export const LONGEST_MOUNT_MS = 60_000
const REMOVE_MS = 10_000
/** Time that the engine gets to take the request to remove a container that it cannot remove yet, ms. */
const HAND_OVER_MS = 2_000

/** Tells whether a volume's mount can hang, because it asks a server, another file system or a driver. A tmpfs asks nobody. */
export function mayHang({ driver, options }: Pick<Volume, 'driver' | 'options'>): boolean {
  return driver !== 'local' || (Object.keys(options).length > 0 && options.type !== 'tmpfs')
}

/**
 * Tries those of `volumes` that may hang, all at once. Returns a sentence for each that cannot be mounted, or gives no answer in time. Any
 * other error of docker in a try says nothing of the volume, and is ignored; a cancel is thrown.
 */
export async function tryMounts<T extends Volume>(
  trial: MountTrial,
  volumes: readonly T[],
): Promise<ReadonlyMap<T, string>> {
  const tried = await Promise.all(
    volumes.filter(mayHang).map(async (volume) => [volume, await tryMount(trial, volume)] as const),
  )
  return new Map(tried.flatMap(([volume, why]) => (why === null ? [] : [[volume, why] as const])))
}

/**
 * Throws `InstanceError` if one of these folders of the host is not there. Any other error of docker in the try says nothing of them, and is
 * ignored.
 */
export async function refuseMissingFolders(
  { docker, image, job, signal, deadlineMs }: MountTrial,
  folders: readonly string[],
): Promise<void> {
  if (folders.length === 0) return
  const name = lookName()
  const mounts = folders.map((source, index) => ({
    ...{ type: 'bind' as const, source, target: `/folder/${index}`, readonly: true },
  }))
  try {
    const spec = lookSpec({ name, image, job, mounts })
    await createContainer(docker, createCall(spec), 'a container to try folders in could not be created', {
      ...{ deadlineMs, signal },
    })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
  } finally {
    await removeContainer(docker, name, { deadlineMs: REMOVE_MS }).catch(() => {}) // a later start sweeps it
  }
}

const lookName = () => `marina-look-${randomBytes(6).toString('hex')}`

async function tryMount({ docker, image, job, signal, deadlineMs }: MountTrial, volume: Volume) {
  const name = lookName()
  const mounts = [{ type: 'volume' as const, source: volume.name, target: '/volume', readonly: true, madeBy: job }]
  const until = Date.now() + deadlineMs
  let isHanging = false
  try {
    // a driver is asked for its volume already here
    await createContainer(docker, createCall(lookSpec({ name, image, job, mounts })), COULD_NOT_TRY, {
      deadlineMs,
      signal,
    })
    // reads the first entries, too: a server may let itself be mounted and give nothing
    await look(docker, name, '/volume', { deadlineMs: Math.max(1, until - Date.now()), signal })
    return null
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    isHanging = error.ended.kind === 'timeout'
    if (isHanging) return hangs(volume, deadlineMs)
    return mountFailureIn(error.message) === null ? null : couldNotBeMounted(volume.name, error.message)
  } finally {
    if (isHanging) await query(docker, ['rm', '--force', '--volumes', name], { deadlineMs: HAND_OVER_MS })
    else await removeContainer(docker, name, { deadlineMs: REMOVE_MS }).catch(() => {}) // a later start sweeps it
  }
}

const COULD_NOT_TRY = 'a container to try a volume in could not be created'

function lookSpec({ name, image, job, mounts }: Pick<RunSpec, 'name' | 'image' | 'mounts'> & Pick<MountTrial, 'job'>) {
  return {
    name,
    image,
    labels: lookLabels(job),
    mounts,
    env: {},
    entrypoint: null,
    command: ['/volume'], // an image without a command needs one; it is never started
    user: null,
    network: 'none',
    memory: null,
    cpus: null,
    helper: false,
  }
}

function hangs({ name, driver, options }: Volume, deadlineMs: number): string {
  const shown = shownOptions(options)
  const place = [driver === 'local' ? (shown.type ?? 'local') : `driver ${driver}`, shown.device, shown.o]
  const where = place.filter((part) => part !== undefined && part !== '').join(', ')
  return `volume ${name} could not be mounted: the engine gave no answer within ${limit(deadlineMs)} (${where}). See that what it lies on answers (docker volume inspect ${name})`
}
