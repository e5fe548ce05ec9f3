/** The surroundings of claims, helpers and sweeps: the engine, who we are, GitHub's API, and where people are told of things. */

import type { Engine } from '../docker/engine.ts'
import type { Owner } from '../docker/labels.ts'
import type { Docker } from '../docker/process.ts'

export interface DockerHost {
  readonly docker: Docker
  readonly engine: Engine
  readonly owner: Owner
  /** Whether a run of a repository is completed, as the API says; `null` where it does not say. */
  readonly runCompleted: (repository: string, runId: string, attempt: number) => Promise<boolean | null>
  /** Tells of an application that an earlier run stopped and that is not up again: the run is red, whatever its own backups do. */
  readonly reportError: (message: string) => Promise<void>
  /** A thing to tell people that belongs to no instance. */
  readonly warn: (message: string) => Promise<void>
  /** A line of the job's log that belongs to no instance: what is waited for. */
  readonly say: (line: string) => Promise<void>
}

/** The engine's clock, ms since 1970: what others on this host compare with. */
export function engineNow(host: DockerHost): number {
  return Date.now() + host.engine.clockOffsetMs
}
