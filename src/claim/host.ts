/** Bundles what claims, helpers and sweeps work with: the engine, our identity, GitHub's API, and functions that tell people. */

import type { CopyHelper } from '../copy/copyHelper.ts'
import type { Engine } from '../docker/engine.ts'
import type { Owner } from '../docker/labels.ts'
import type { Docker } from '../docker/process.ts'
import type { KeptDump } from './undoPlace.ts'

export interface DockerHost {
  readonly docker: Docker
  readonly engine: Engine
  readonly owner: Owner
  /** Asks GitHub's API whether an attempt of a run of `repository` (`owner/name`) has ended; `null` if it does not say. */
  readonly runCompleted: (repository: string, runId: string, attempt: number) => Promise<boolean | null>
  /**
   * Reports an error that makes the run red, even if its backups are good: an application that may be down, or data on the host that no
   * instance backs up.
   */
  readonly reportError: (message: string) => Promise<void>
  /** Reports a warning that belongs to no instance. */
  readonly warn: (message: string) => Promise<void>
  /** Loads what a server held before a dead restore. Throws an `InstanceError` that says what to do if it cannot. */
  readonly loadBack: (
    helper: Pick<CopyHelper, 'exec'>,
    dump: KeptDump,
    claim: { readonly instance: string; readonly owner: Owner },
  ) => Promise<void>
  /** Prints a line that belongs to no instance, such as what is waited for. */
  readonly say: (line: string) => Promise<void>
}

/** Returns the present time of the engine's clock, ms since 1970. All processes that use one engine compare times and deadlines by that clock. */
export function engineNow(host: DockerHost): number {
  return Date.now() + host.engine.clockOffsetMs
}
