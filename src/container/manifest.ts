/** Makes `manifest.json`, version 1: everything that a restore needs to know about the data beside it. Pure. */
import type { StagingName } from '../outcome.ts'
import type { SourceContainer } from '../targets/resolve.ts'

export interface ManifestFile {
  /** Path relative to the manifest. */
  readonly path: string
  readonly bytes: number
  /** SHA-256 of the file, hex. */
  readonly sha256: string
  /** Name of the database; `null` for a dump of the whole server. */
  readonly database: string | null
}

export type ManifestTarget =
  | {
      readonly kind: 'volume'
      readonly name: string
      /** Path relative to the manifest. */
      readonly path: string
      readonly staging: StagingName
      /** The configured paths, relative to the volume's root. Empty: the whole volume. */
      readonly paths: readonly string[]
      readonly exclude: readonly string[]
      /** Number of files. `files` and `bytes` are `null` if the volume was mounted, because then nothing is counted. */
      readonly files: number | null
      readonly bytes: number | null
      readonly driver: string
      readonly options: Readonly<Record<string, string>>
      readonly containers: readonly SourceContainer[]
      readonly warnings: readonly string[]
    }
  | {
      readonly kind: 'db'
      readonly name: string
      readonly path: string
      readonly engine: string
      readonly tool: string
      readonly toolVersion: string
      readonly files: readonly ManifestFile[]
      readonly containers: readonly SourceContainer[]
      readonly warnings: readonly string[]
    }

export interface ManifestInput {
  readonly instance: string
  readonly host: string
  readonly timestamp: string
  readonly layout: 'timestamp' | 'stable'
  readonly runUrl: string | null
  readonly targets: readonly ManifestTarget[]
  readonly failed: readonly { readonly kind: 'volume' | 'db'; readonly name: string; readonly error: string }[]
}

export function manifest(input: ManifestInput): Buffer {
  return Buffer.from(`${JSON.stringify({ version: 1, ...input }, null, 2)}\n`)
}
