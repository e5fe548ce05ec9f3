/**
 * Defines `manifest.json`, version 1: everything that a restore needs to know about the data beside it. One schema serves the writer and the
 * reader, which also takes the manifests of earlier releases: what they lack is `null` or empty. Pure.
 */
import { z } from 'zod'
import { InstanceError } from '../errors.ts'
import { STAGINGS } from '../outcome.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.number().int().nonnegative()
const texts = z.array(z.string()).readonly()
const settings = z.record(z.string(), z.string()).readonly()

/** A container whose data a target backs up. */
const sourceContainer = z.object({
  name: z.string(),
  /** The image reference that the container was created with. */
  image: z.string(),
  imageId: z.string(),
  /** Digest in a registry, `sha256:…`; `null` if the image was never in one, or is gone. */
  digest: z.string().nullable(),
})

const dumpFile = z.object({
  /** Path relative to the manifest. */
  path: z.string(),
  bytes: count,
  sha256,
  /** Name of the database; `null` for a dump of the whole server. */
  database: z.string().nullable(),
  /**
   * Number of rows by table: `schema.table` of PostgreSQL (`database.schema.table` in a dump of the whole server), `database.table` of
   * MySQL and MariaDB, `database.collection` of MongoDB, `db0` of Redis and Valkey. A name that has a dot or a double quote stands in double
   * quotes. `null`: nobody counted them.
   */
  rows: z.record(z.string(), count).readonly().nullable().default(null),
  /** Says why nothing, or not every table, was counted; `null` if every table was. */
  rowsUnknown: z.string().nullable().default('it was made by a release that counts no rows'),
})

/** A database server, as it was asked while it was dumped. */
const server = z.object({
  /** Its version in its own words; `null` if it did not say. */
  version: z.string().nullable(),
  /** Settings that decide whether a dump can be loaded, and what it then means, by the server's own names. */
  settings,
  databases: z
    .array(
      z.object({
        name: z.string(),
        settings,
        extensions: z.array(z.object({ name: z.string(), version: z.string() })).readonly(),
      }),
    )
    .readonly(),
  /** Names of the roles, or accounts. */
  roles: texts,
})

const volumeTarget = z.object({
  kind: z.literal('volume'),
  name: z.string(),
  /** Path relative to the manifest. */
  path: z.string(),
  staging: z.enum(STAGINGS),
  /** The configured paths, relative to the volume's root. Empty: the whole volume. */
  paths: texts,
  exclude: texts,
  /** Number of entries that are no directories, and the sum of the files' sizes; `null` if nobody counted them. */
  files: count.nullable(),
  bytes: count.nullable(),
  /** True if applications may have written while `files` and `bytes` were counted, so that they tell the size only roughly. */
  live: z.boolean().default(false),
  /** The list of everything that was copied; `null` if the volume was mounted. Its format is in docs/image.md. */
  listing: z
    .object({
      /** Path relative to the manifest. */
      path: z.string(),
      sha256,
      /** Number of entries, directories included. */
      entries: count,
      /** True if the list has the SHA-256 of each file. */
      contents: z.boolean(),
    })
    .nullable()
    .default(null),
  driver: z.string(),
  options: settings,
  containers: z.array(sourceContainer).readonly(),
  warnings: texts,
})

const databaseTarget = z.object({
  kind: z.literal('db'),
  name: z.string(),
  path: z.string(),
  engine: z.string(),
  tool: z.string(),
  toolVersion: z.string(),
  files: z.array(dumpFile).readonly(),
  /** The option of `dumpArgs` that leaves something out of the dump; `null`: there was none. Absent: it was not noted. */
  leftOutBy: z.string().nullable().optional(),
  /** `null` if it was not asked, or did not answer. */
  server: server.nullable().default(null),
  containers: z.array(sourceContainer).readonly(),
  warnings: texts,
})

const manifestSchema = z.object({
  version: z.literal(1),
  instance: z.string(),
  host: z.string(),
  timestamp: z.string(),
  layout: z.enum(['timestamp', 'stable']),
  runUrl: z.string().nullable(),
  targets: z.array(z.discriminatedUnion('kind', [volumeTarget, databaseTarget])).readonly(),
  failed: z.array(z.object({ kind: z.enum(['volume', 'db']), name: z.string(), error: z.string() })).readonly(),
})

export type Manifest = z.infer<typeof manifestSchema>
export type ManifestTarget = Manifest['targets'][number]
export type VolumeEntry = Extract<ManifestTarget, { kind: 'volume' }>
export type DatabaseEntry = Extract<ManifestTarget, { kind: 'db' }>
export type DatabaseServer = z.infer<typeof server>

export function manifest(input: Omit<Manifest, 'version'>): Buffer {
  return Buffer.from(`${JSON.stringify({ version: 1, ...input }, null, 2)}\n`)
}

/**
 * Parses a `manifest.json`. Keys that it does not know are left out. Throws an `InstanceError` that says in a sentence what is wrong with it.
 */
export function parseManifest(text: string): Manifest {
  const json = parseJson(text)
  const parsed = manifestSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const at = issue?.path.join('.') ?? ''
  throw new InstanceError(
    `manifest.json is not one that Marina wrote: ${at === '' ? '' : `${at}: `}${issue?.message ?? ''}`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new InstanceError(`manifest.json is no JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}
