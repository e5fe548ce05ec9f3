/** Defines the instance that a run works with: variables filled in, defaults applied, texts parsed. */

import type { DbKind } from '../databases/engines.ts'
import type { StagingName } from '../outcome.ts'
import type { UserMount } from './values/mounts.ts'

export type { UserMount } from './values/mounts.ts'

/** Says when an instance fires. `cron` has five fields as written, without a time zone before them. */
export interface Schedule {
  readonly cron: string
  /** Name of the IANA time zone. */
  readonly timezone: string
  /** Line of `schedule` in the file, 1-based. */
  readonly line: number
}

export interface VolumeTarget {
  readonly kind: 'volume'
  readonly name: string
  /** Paths relative to the volume's root, sorted, none below another. Empty: the whole volume. */
  readonly paths: readonly string[]
  readonly exclude: readonly string[]
  readonly stopAttached: boolean
  /** `null`: left out. It is then chosen by the properties of the volume, the target and the engine. */
  readonly staging: StagingName | null
  readonly allowEmpty: boolean
  /** `content`: the list of the copy has the SHA-256 of each file. `null`: left out. */
  readonly verify: 'content' | null
  readonly preHook: string | null
  readonly postHook: string | null
  /** Line in the file, 1-based; `null` for a target that was found on the host. */
  readonly line: number | null
}

export interface DbTarget {
  readonly kind: 'db'
  readonly container: string
  /** `null`: left out. It is then found out from the container. */
  readonly dbKind: DbKind | null
  /** Names of databases, each dumped to a file of its own. Empty: the whole server in one file. */
  readonly databases: readonly string[]
  readonly dumpArgs: readonly string[]
  readonly preHook: string | null
  readonly postHook: string | null
  /** Line in the file, 1-based; `null` for a target that was found on the host. */
  readonly line: number | null
}

export type Target = VolumeTarget | DbTarget

/** The settings of a drill, which proves that the backup of an instance can be restored. */
export interface Drill {
  /** `null`: it is drilled by hand only. */
  readonly schedule: Schedule | null
  /** Largest age of the newest point, ms; `null`: any. */
  readonly maxAgeMs: number | null
  /** Longest restore, ms; `null`: any. */
  readonly maxDurationMs: number | null
  readonly controls: readonly string[]
  /** The image of the scratch servers: one for all, or by the name of the database container; `null`: the source's own. */
  readonly image: string | Readonly<Record<string, string>> | null
  readonly checks: readonly WantedCheck[]
}

/** A check of `drill.checks`. */
export type WantedCheck = WantedFile | WantedFiles | WantedAnswer | WantedScript

export interface WantedFile {
  readonly kind: 'file'
  readonly volume: string
  /** Path from the root of the volume. */
  readonly file: string
  readonly sha256: string | null
  readonly contains: string | null
  /** Longest time between the time of the file (its first line, if that is a time, else its last write) and the backup, ms; `null`: any. */
  readonly canaryMs: number | null
  readonly line: number
}

export interface WantedFiles {
  readonly kind: 'files'
  readonly volume: string
  readonly atLeast: number
  readonly line: number
}

export interface WantedScript {
  readonly kind: 'run'
  /** Path of the script from the root of the repository. */
  readonly run: string
  /** The volume whose container's image runs it; `null`: the image of the backup does. */
  readonly volume: string | null
  readonly line: number
}

export interface WantedAnswer {
  readonly kind: 'sql'
  /** Name of the database container. */
  readonly db: string
  /** The database to ask; `null`: the only one of the backup. */
  readonly database: string | null
  readonly sql: string
  readonly equals: string | null
  readonly atLeast: number | null
  readonly atMost: number | null
  /** Source of a regular expression. */
  readonly matches: string | null
  readonly line: number
}

export interface Instance {
  readonly id: string
  /** Line of the instance's entry, 1-based. */
  readonly line: number
  /** The image that makes the backup: the configured one, or the one with restic where `repository` is set. */
  readonly customImage: string
  /** The restic repository of the built-in backend; `null`: the image is the user's own. */
  readonly repository: string | null
  /** `null`: there is none. The instance runs only when it is started by hand. */
  readonly schedule: Schedule | null
  /** Longest delay after which a missed slot is still made up for, ms. `true`: any delay. `false`: until the next start of the workflow. */
  readonly catchUp: boolean | number
  readonly env: Readonly<Record<string, string>>
  /** `null`: left out. Targets are then found on the host, as `discover` says. */
  readonly targets: readonly Target[] | null
  readonly discover: 'labels' | 'all'
  /** Names that `discover: all` leaves out; `*` stands for any characters. */
  readonly except: readonly string[]
  /** Applies to a discovered volume whose labels do not say. The volumes in `targets` have their own value. */
  readonly stopAttached: boolean
  readonly timeoutMs: number
  readonly layout: 'timestamp' | 'stable'
  readonly retention: string
  /** The instance's own name of the host; `null`: that of the file applies (`resolveNodeName`), else the Docker host's name. */
  readonly nodeName: string | null
  /** `null`: left out. That means `always`, but an image on the host that was never pulled, or is pinned by a digest, is used as it is. */
  readonly pull: 'always' | 'missing' | 'never' | null
  readonly helperImage: string | null
  /** The program and its arguments. `null`: the image's own ENTRYPOINT is kept. Empty: it is removed. */
  readonly entrypoint: readonly string[] | null
  /** Path inside the repository, with `/` as separator; `null`: left out. */
  readonly script: string | null
  /** The same as `script`, for the script of a restore. */
  readonly restoreScript: string | null
  readonly network: string | null
  readonly user: string | null
  readonly mounts: readonly UserMount[]
  /** Limits of the backup container in the form that `docker run` takes; `null`: no limit. */
  readonly resources: { readonly memory: string | null; readonly cpus: string | null }
  readonly runsOn: readonly string[]
  /** `null`: it has none. A drill by hand then compares what the manifest tells. */
  readonly drill: Drill | null
}
