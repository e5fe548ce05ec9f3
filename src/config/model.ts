/** The instance as a run takes it: its variables are filled in, defaults applied, and every text is parsed. */

import type { DbKind } from '../databases/engines.ts'
import type { StagingName } from '../outcome.ts'
import type { UserMount } from './values/mounts.ts'

export type { UserMount } from './values/mounts.ts'

/** The times at which an instance fires. `cron` is five fields as written, without a time zone before them. */
export interface Schedule {
  readonly cron: string
  /** IANA name. */
  readonly timezone: string
  /** 1-based. */
  readonly line: number
}

export interface VolumeTarget {
  readonly kind: 'volume'
  readonly name: string
  /** Relative to the volume's root, none below another; empty: the whole volume. */
  readonly paths: readonly string[]
  readonly exclude: readonly string[]
  readonly stopAttached: boolean
  /** `null`: chosen by what the volume and the target are. */
  readonly staging: StagingName | null
  readonly allowEmpty: boolean
  readonly preHook: string | null
  readonly postHook: string | null
  /** 1-based; `null` for a discovered one. */
  readonly line: number | null
}

export interface DbTarget {
  readonly kind: 'db'
  readonly container: string
  /** `null`: to be detected. */
  readonly dbKind: DbKind | null
  /** Empty: all in one dump. */
  readonly databases: readonly string[]
  readonly dumpArgs: readonly string[]
  readonly preHook: string | null
  readonly postHook: string | null
  readonly line: number | null
}

export type Target = VolumeTarget | DbTarget

export interface Instance {
  readonly id: string
  /** 1-based, of the instance's entry. */
  readonly line: number
  /** Exactly one of `customImage` and `repository` is set. */
  readonly customImage: string | null
  readonly repository: string | null
  /** `null`: by hand only. */
  readonly schedule: Schedule | null
  /** The time after which a missed slot is not made up for, in milliseconds; `true`: never, `false`: at once. */
  readonly catchUp: boolean | number
  readonly env: Readonly<Record<string, string>>
  /** `null`: discovery, as `discover` says. */
  readonly targets: readonly Target[] | null
  readonly discover: 'labels' | 'all'
  /** With `discover: all`: names to leave out, `*` stands for anything. */
  readonly except: readonly string[]
  /** The value for a discovered volume whose labels do not say. */
  readonly stopAttached: boolean
  readonly timeoutMs: number
  readonly layout: 'timestamp' | 'stable'
  readonly retention: string
  /** The instance's own; `null`: the file's (`resolveNodeName`), else the Docker host's. */
  readonly nodeName: string | null
  /** `null`: left out. That is `always`, but for an image that is on the host and was never pulled. */
  readonly pull: 'always' | 'missing' | 'never' | null
  readonly helperImage: string | null
  /** `null`: the image's own is kept. Empty: it is removed. Otherwise the program and its arguments. */
  readonly entrypoint: readonly string[] | null
  /** Path inside the repository, with `/`. */
  readonly script: string | null
  readonly network: string | null
  readonly user: string | null
  readonly mounts: readonly UserMount[]
  /** As `docker run` takes them. */
  readonly resources: { readonly memory: string | null; readonly cpus: string | null }
  readonly runsOn: readonly string[]
}
