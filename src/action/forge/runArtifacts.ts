/** Lists the artifacts of a run, and reads one file out of a small one. */
import { z } from 'zod'
import type { Answer, Forge, Listed } from './askForge.ts'
import { zipEntry } from './zipEntry.ts'

export interface RunArtifact {
  readonly id: number
  readonly name: string
  /** Size of the archive, bytes. */
  readonly bytes: number
  /** True if its time is over: it has a name, and can no longer be downloaded. */
  readonly isExpired: boolean
  /** UTC, ISO 8601; `null` if the forge does not tell. */
  readonly createdAt: string | null
}

const artifactPage = z
  .object({
    total_count: z.number().nullish(),
    artifacts: z.array(
      z.object({
        id: z.number(),
        name: z.string(),
        size_in_bytes: z.number(),
        expired: z.boolean().nullish(),
        created_at: z.string().nullish(),
      }),
    ),
  })
  .transform((page) => ({
    total: page.total_count ?? null,
    items: page.artifacts.map(
      (one): RunArtifact => ({
        id: one.id,
        name: one.name,
        bytes: one.size_in_bytes,
        isExpired: one.expired ?? false,
        createdAt: one.created_at ?? null,
      }),
    ),
  }))

/** A run has 500 artifacts at most. */
const ARTIFACT_PAGES = 5

/** Lists the artifacts of all attempts of a run. */
export function listArtifacts(forge: Forge, runId: number): Promise<Answer<Listed<RunArtifact>>> {
  return forge.list({
    route: '/actions/runs/{run}/artifacts',
    parameters: { run: runId },
    page: artifactPage,
    perPage: 100,
    mostPages: ARTIFACT_PAGES,
    what: `the artifacts of run ${runId}`,
    permission: 'actions: read',
  })
}

/** Size limit of the archive, and of the file in it, bytes. */
const MOST_ARCHIVE = 8 * 1024 * 1024
const MOST_FILE = 64 * 1024 * 1024

/**
 * Downloads an artifact and reads a file in it as text. `null` if it has no such file, is too large, damaged, or no longer kept: asking
 * again changes nothing.
 */
export async function readArtifactFile(
  forge: Forge,
  artifact: RunArtifact,
  file: string,
): Promise<Answer<string | null>> {
  if (artifact.isExpired || artifact.bytes > MOST_ARCHIVE) return { value: null }
  const archive = await forge.download(
    {
      route: '/actions/artifacts/{artifact}/zip',
      parameters: { artifact: artifact.id },
      what: `what is in the artifact ${artifact.name}`,
      permission: 'actions: read',
    },
    MOST_ARCHIVE,
  )
  if ('unknown' in archive) return archive.status === 410 ? { value: null } : archive
  const content = zipEntry(archive.value, file, MOST_FILE)
  return { value: Buffer.isBuffer(content) ? content.toString('utf8') : null }
}
