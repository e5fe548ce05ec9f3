/** Defines what one instance's run works with: the host, the runner's files, and functions of other parts of the action. */

import type { DockerHost } from '../claim/host.ts'
import type { Instance } from '../config/model.ts'
import type { FoundTargets } from '../targets/discoverAll.ts'

/** Reason why an instance is run. */
export interface StartReason {
  /** True if the run counts as a start by schedule. */
  readonly isScheduled: boolean
  /** The slot that the run serves, ms since 1970 in UTC; `null` if it serves none, as one by hand and a repetition. */
  readonly slot: number | null
  /** The reason in words. */
  readonly why: string
  /** The first slot after now, UTC, ISO 8601; `null` without a schedule. */
  readonly nextRun: string | null
}

export interface InstanceContext {
  readonly host: DockerHost
  /** The value of `MARINA_HOSTNAME`: the `nodeName` of the instance or, without one, of the configuration; else the Docker host's name. */
  readonly hostName: string
  readonly runUrl: string | null
  readonly lockWaitMs: number
  /** Reason why this instance is run. */
  readonly reason: StartReason
  /** Cancels the run. */
  readonly signal: AbortSignal
  /**
   * Masks secrets that are found on the way (passwords in `dumpArgs`, or in a volume's options) in everything that is printed from then on.
   * `origin` says where they stand. Secrets of the host alone, which are none of the repository's, are not told to the runner (`untold`).
   * Returns a sentence to warn with if harmless text is masked too.
   */
  readonly hide: (secrets: readonly string[], origin: string, runner?: 'told' | 'untold') => string | null
  /** Called when the engine no longer answers. */
  readonly onEngineLost: () => void
  /** Reads a file of the repository, for `script`. Throws an `InstanceError` if it does not exist or lies outside. */
  readonly readScript: (file: string) => Promise<Buffer>
  /**
   * Finds the targets of an instance that lists none, as its `discover` says. Throws `InstanceError` if labels on the host are wrong, or if
   * there are no targets.
   */
  readonly discover: (instance: Instance) => Promise<FoundTargets>
  /** Returns a sentence for each thing that keeps the instance from being run. */
  readonly pending: (instance: Instance) => readonly string[]
}
