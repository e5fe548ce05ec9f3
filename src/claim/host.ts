/** What claims, helpers and sweeps are made with: the engine, who we are, and the two things asked of outside. */

import type { Engine } from '../docker/engine.ts'
import type { JournalEntry, Owner } from '../docker/labels.ts'
import type { Docker } from '../docker/process.ts'

export interface DockerHost {
  readonly docker: Docker
  readonly engine: Engine
  readonly owner: Owner
  /** Whether a run of a repository is completed, as the API says; `null` where it does not say. */
  readonly runCompleted: (repository: string, runId: string, attempt: number) => Promise<boolean | null>
  /** Starts what a dead run left stopped, wave after wave, and waits until it is up. Returns a sentence for each that did not come up. */
  readonly startAgain: (waves: readonly (readonly JournalEntry[])[]) => Promise<readonly string[]>
  /** An application that an earlier run stopped is not up again: the run is red, whatever its own backups do. */
  readonly reportError: (message: string) => Promise<void>
  /** A thing to tell people that belongs to no instance. */
  readonly warn: (message: string) => Promise<void>
}

/** The engine's clock, ms since 1970: what others on this host compare with. */
export function engineNow(host: DockerHost): number {
  return Date.now() + host.engine.clockOffsetMs
}
