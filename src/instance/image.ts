/** The phase `image`: makes sure that the backup image exists and that the instance can run it. */
import { imageUserOf } from '../container/fillContainer.ts'
import { whyNotStartable } from '../container/scriptHead.ts'
import { inspectContainer } from '../docker/containers.ts'
import { dropsItsCommand, ensureImage, type ReadyImage } from '../docker/images.ts'
import { refuseOtherNetwork } from '../docker/networks.ts'
import { tellWhile } from '../docker/poll.ts'
import { inspectVolumes } from '../docker/volumes.ts'
import { InstanceError } from '../errors.ts'
import type { InstanceRun } from './instanceRun.ts'

/**
 * Pulls the image by the configured policy. Throws `InstanceError` for an ENTRYPOINT, a script, a mount or a network with which the backup
 * would fail later, or would back up nothing.
 */
export async function findImage(run: InstanceRun): Promise<ReadyImage> {
  const { context, instance, report, abort } = run
  const { docker } = context.host
  const reference = instance.customImage
  const image = await tellWhile(
    { what: () => `waiting for image ${reference}`, say: (line) => run.log.write('marina', line) },
    () => ensureImage(docker, reference, instance.pull, { signal: abort.signal, pullDeadlineMs: instance.timeoutMs }),
  )
  report.set({ image: { reference: image.reference, id: image.id, digest: image.digest } })
  if (image.notice !== null) await run.log.write('marina', image.notice)
  for (const warning of image.warnings) await report.warn(warning)
  if (instance.entrypoint === null && dropsItsCommand(image.entrypoint)) {
    throw new InstanceError(
      `image ${image.reference} has a shell-form ENTRYPOINT, which drops /backup.sh and so would back up nothing: write it as ENTRYPOINT ["…"], or set entrypoint`,
    )
  }
  refuseBrokenScript(run, instance.entrypoint ?? image.entrypoint)
  await refuseMissingObjects(run)
  return image
}

/** Throws `InstanceError` for a script that could not be started. `entrypoint` is `null` if it is the image's own, and the image is not known yet. */
export function refuseBrokenScript({ instance, script }: InstanceRun, entrypoint: readonly string[] | null): void {
  const problem = script === null ? null : whyNotStartable(script, entrypoint)
  if (problem !== null) throw new InstanceError(`script ${instance.script} ${problem}`)
}

/**
 * Throws `InstanceError` if a volume in `mounts` does not exist, or if docker would take the configured network for something else
 * (`refuseOtherNetwork`).
 */
export async function refuseMissingObjects(run: InstanceRun): Promise<void> {
  const { context, instance, abort } = run
  await refuseMissingMounts(run)
  if (instance.network !== null)
    await refuseOtherNetwork(context.host.docker, instance.network, { signal: abort.signal })
}

/** Throws `InstanceError` for missing volumes in `mounts`: the engine would create them empty, and the backup would be written into nothing. */
async function refuseMissingMounts({ context, instance }: InstanceRun): Promise<void> {
  const names = instance.mounts.flatMap((mount) => (mount.type === 'volume' && mount.source ? [mount.source] : []))
  const found = await inspectVolumes(context.host.docker, names)
  const missing = names.filter((name) => !found.some((volume) => volume.name === name))
  if (missing.length > 0)
    throw new InstanceError(
      `volume ${missing.join(', ')}, named in mounts, does not exist on host ${context.hostName}: create it (docker volume create)`,
    )
}

/**
 * Throws `InstanceError` if the image does not know the user that it is to run as. It can tell only if the helper (`helper` is its id) is
 * of the same image; else the backup container tells, later.
 */
export async function refuseUnknownUser(run: InstanceRun, image: ReadyImage, helper: string): Promise<void> {
  const { docker } = run.context.host
  if ((await inspectContainer(docker, helper))?.imageId !== image.id) return
  await imageUserOf({ docker, instance: run.instance, image, signal: run.abort.signal }, helper)
}
