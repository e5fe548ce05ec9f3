/** Defines what the code must know of one database engine to start a server of ours that is thrown away: a scratch server. Pure. */
import type { LoadScript } from './loadContract.ts'

export interface ScratchQuestion {
  readonly kind: string
  /** Settings of the source's server that its data needs, by the server's own names; empty if they are not known. */
  readonly settings: Readonly<Record<string, string>>
  /** Names of the source's roles, for a dump that does not hold them. */
  readonly roles: readonly string[]
  /** A random password for the server's first account: letters and digits. */
  readonly password: string
}

export interface ScratchPlan {
  /** Environment of the container: the image's own start-up makes the first account from it. */
  readonly env: Readonly<Record<string, string>>
  /** Replaces the image's own entrypoint; `null` keeps it. */
  readonly entrypoint: string | null
  /** The container's command, which the entrypoint gets. */
  readonly command: readonly string[]
  /** Folder with the server's data, for an image that declares no volume. */
  readonly data: string
  /** Ends with 0 as soon as the server answers, and not the one that the image's start-up uses to set it up. */
  readonly ready: LoadScript
  /** Runs once when it answers; `null` if nothing is to be done. */
  readonly setUp: LoadScript | null
  /** The login for a load and a count, in the words of `dumpArgs`. */
  readonly dumpArgs: readonly string[]
}
