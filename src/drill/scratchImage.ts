/** Finds the image of a scratch server: the one that the source's container had when it was backed up, or the one that the configuration names. */
import type { DatabaseEntry } from '../container/manifest.ts'
import { ensureImage, imageIdOnHost } from '../docker/images.ts'
import type { DrillImage } from '../drillReport.ts'
import { InstanceError } from '../errors.ts'
import type { InstanceRun } from '../instance/instanceRun.ts'

/** Returns the image, with its id on this host. Throws an `InstanceError` that says what to do if it cannot be had. */
export async function findScratchImage(
  run: InstanceRun,
  entry: DatabaseEntry,
): Promise<DrillImage & { readonly id: string }> {
  const { docker } = run.context.host
  const [source] = entry.containers
  if (source === undefined)
    throw new InstanceError(`the manifest does not name the image of ${entry.name}: name one (drill.image)`)
  const { signal } = run.abort
  const use = { use: 'server', name: entry.name } as const
  const known = { ...use, reference: source.image, digest: source.digest }
  const id = await imageIdOnHost(docker, source.imageId, { signal })
  if (id !== null) return { ...known, id }
  const gone = `the image ${source.image} that ${entry.name} had when it was backed up (${source.imageId}) is not on this host any more`
  if (source.digest === null)
    throw new InstanceError(`${gone}, and it was in no registry: name one that takes its dump (drill.image)`)
  const pinned = `${source.image.split('@')[0]?.replace(/:[^/]*$/, '')}@${source.digest}`
  try {
    const pull = run.instance.pull === 'never' ? 'never' : 'missing'
    const pulled = await ensureImage(docker, pinned, pull, { signal, pullDeadlineMs: run.instance.timeoutMs })
    return { ...known, id: pulled.id }
  } catch (error) {
    if (!(error instanceof InstanceError)) throw error
    throw new InstanceError(`${gone}, and ${error.message}. Or name one that takes its dump (drill.image)`, {
      cause: error,
    })
  }
}
