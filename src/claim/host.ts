/** What claims, workbenches and sweeps are made with: the engine, who we are, and the two things asked of outside. */

import type { Engine } from '../docker/engine.ts'
import type { Docker } from '../docker/process.ts'
import type { Owner } from './labels.ts'

export interface DockerHost {
  readonly docker: Docker
  readonly engine: Engine
  readonly owner: Owner
  /** Whether a run of a repository is completed, as the API says; `null` where it does not say. */
  readonly runCompleted: (repository: string, runId: string, attempt: number) => Promise<boolean | null>
  /** A thing to tell people that belongs to no instance. */
  readonly warn: (message: string) => Promise<void>
}

/** The engine's clock, ms since 1970: what others on this host compare with. */
export function engineNow(host: DockerHost): number {
  return Date.now() + host.engine.clockOffsetMs
}
