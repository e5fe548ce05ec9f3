/** The values that say what happened. Everything shown to people is drawn from them; `RunReport` is `report.json`. */

/** How one instance ended. `skipped` is an instance that was selected but never begun: the run was cancelled first, or is a dry run. */
export type InstanceStatus = 'success' | 'partial' | 'failed' | 'cancelled' | 'skipped'

/** How the run ended. */
export type RunResult = 'success' | 'partial' | 'failed' | 'cancelled' | 'nothing-due'

/** The phases of an instance's life, in their order. */
export const PHASES = ['resolve', 'image', 'claim', 'dump', 'stage', 'run', 'release'] as const
export type Phase = (typeof PHASES)[number]

export interface PhaseTiming {
  readonly phase: Phase
  /** UTC, ISO 8601 with milliseconds. */
  readonly startedAt: string
  readonly seconds: number
}

export type TargetKind = 'volume' | 'db'

/** What became of one target. `files` and `bytes` are `null` where the data was mounted in place and so never counted. */
export interface TargetReport {
  readonly kind: TargetKind
  readonly name: string
  readonly status: 'staged' | 'failed'
  /** How the data reached `/backup`; `null` where it did not. */
  readonly staging: 'mount' | 'copy' | 'presync' | 'dump' | null
  readonly files: number | null
  readonly bytes: number | null
  readonly seconds: number
  /** Why it failed: one sentence. */
  readonly error: string | null
  readonly warnings: readonly string[]
  /** Line of the target in the configuration, 1-based; `null` for a discovered one. */
  readonly line: number | null
}

export interface InstanceReport {
  readonly id: string
  readonly status: InstanceStatus
  /** The phase that failed or was cancelled, `null` where none was. */
  readonly failedPhase: Phase | null
  /** Why: one sentence that says what failed and what to do; `null` on success. */
  readonly error: string | null
  readonly warnings: readonly string[]
  readonly targets: readonly TargetReport[]
  readonly phases: readonly PhaseTiming[]
  /** UTC, ISO 8601 with milliseconds; `null` where it never began. */
  readonly startedAt: string | null
  readonly seconds: number
  /** How long applications were stopped, in seconds; `null` where none was. */
  readonly downtimeSeconds: number | null
  readonly image: { readonly reference: string; readonly id: string | null; readonly digest: string | null }
  /** Exit code of the backup container; `null` where it did not run to an end. */
  readonly exitCode: number | null
  /** The next time the schedule fires, UTC ISO 8601; `null` without a schedule. */
  readonly nextRun: string | null
  /** The whole log, a path on the runner; `null` where nothing was written. */
  readonly log: string | null
  /** The last lines of the log, redacted; kept for the summary's fold of a failure. */
  readonly tail: readonly string[]
  /** Line of the instance in the configuration, 1-based. */
  readonly line: number
}

export interface RunReport {
  readonly version: 1
  readonly result: RunResult
  /** Nothing was touched: what would be backed up is `skipped`. */
  readonly dryRun: boolean
  readonly host: string
  /** `owner/name`, or empty away from a forge. */
  readonly repository: string
  readonly runUrl: string | null
  readonly runId: string
  readonly attempt: number
  readonly configFile: string
  /** UTC, ISO 8601 with milliseconds. */
  readonly startedAt: string
  readonly seconds: number
  readonly engine: { readonly version: string; readonly apiVersion: string } | null
  /** What went wrong with no instance of this run: an application that an earlier one stopped is not up. */
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
  readonly instances: readonly InstanceReport[]
}
