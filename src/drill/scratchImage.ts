/** Finds the image of a scratch server: the one that the source's container had when it was backed up, or the one that the configuration names. */
import type { DatabaseEntry, ManifestTarget } from '../container/manifest.ts'
import { ensureImage, imageIdOnHost } from '../docker/images.ts'
import type { DrillImage } from '../drillReport.ts'
import { InstanceError } from '../errors.ts'
import type { InstanceRun } from '../instance/instanceRun.ts'

/** Returns the image, with its id on this host. Throws an `InstanceError` that says what to do if it cannot be had. */
export async function findScratchImage(
  run: InstanceRun,
  entry: DatabaseEntry,
): Promise<DrillImage & { readonly id: string }> {
  const named = run.instance.drill?.image ?? null
  const other = typeof named === 'string' ? named : (named?.[entry.name] ?? null)
  if (other !== null) return findNamed(run, entry, other)
  return { ...(await findSourceImage(run, entry, 'name one that takes its dump (drill.image)')), use: 'server' }
}

/**
 * Returns the image that the first container of a target had when it was backed up, with its id on this host. Throws an `InstanceError` that
 * ends with the `cure` if it cannot be had.
 */
export async function findSourceImage(
  run: InstanceRun,
  target: Pick<ManifestTarget, 'name' | 'containers'>,
  cure: string,
): Promise<Omit<DrillImage, 'use'> & { readonly id: string }> {
  const { docker } = run.context.host
  const [source] = target.containers
  if (source === undefined) throw new InstanceError(`the manifest does not name the image of ${target.name}: ${cure}`)
  const { signal } = run.abort
  const known = { name: target.name, reference: source.image, digest: source.digest }
  const id = await imageIdOnHost(docker, source.imageId, { signal })
  if (id !== null) return { ...known, id }
  const gone = `the image ${source.image} that ${target.name} had when it was backed up (${source.imageId}) is not on this host any more`
  if (source.digest === null) throw new InstanceError(`${gone}, and it was in no registry: ${cure}`)
  const pinned = `${source.image.split('@')[0]?.replace(/:[^/]*$/, '')}@${source.digest}`
  try {
    const options = { signal, pullDeadlineMs: run.instance.timeoutMs }
    return { ...known, id: (await ensureImage(docker, pinned, pullOf(run), options)).id }
  } catch (error) {
    if (!(error instanceof InstanceError)) throw error
    throw new InstanceError(`${gone}, and ${error.message}. Or ${cure}`, { cause: error })
  }
}

/** An image that is never to be pulled is a rule of the host: it holds for these too. */
function pullOf({ instance }: InstanceRun): 'never' | 'missing' {
  return instance.pull === 'never' ? 'never' : 'missing'
}

async function findNamed(
  run: InstanceRun,
  { name }: DatabaseEntry,
  reference: string,
): Promise<DrillImage & { readonly id: string }> {
  const options = { signal: run.abort.signal, pullDeadlineMs: run.instance.timeoutMs }
  const { id, digest } = await ensureImage(run.context.host.docker, reference, pullOf(run), options)
  return { use: 'server', name, reference, id, digest }
}
