/**
 * The values that say what happened, and the judgements on them: instance, run, exit code. Everything shown to people is drawn from
 * these; `RunReport` is `report.json`. Pure.
 */

/** How one instance ended. `skipped` is one that was selected and not backed up: the run was cancelled before it began, or is a dry run. */
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

/** How a volume's data can come under `/backup`. The one list: the configuration's `staging` takes these words, and `staging/` has a strategy for each. */
export const STAGINGS = ['mount', 'copy', 'presync'] as const
export type StagingName = (typeof STAGINGS)[number]

export type TargetKind = 'volume' | 'db'

/** What became of one target. */
export type TargetReport = StagedTarget | FailedTarget | PlannedTarget

interface TargetBasics {
  readonly kind: TargetKind
  readonly name: string
  readonly seconds: number
  readonly warnings: readonly string[]
  /** Line of the target in the configuration, 1-based; `null` for a discovered one. */
  readonly line: number | null
}

/** How the data reached `/backup`, and how much it was. What is mounted in place is never counted. */
export type StagedData =
  | { readonly staging: 'mount'; readonly files: null; readonly bytes: null }
  | {
      readonly staging: Exclude<StagingName, 'mount'> | 'dump'
      /** Everything that is no directory. */
      readonly files: number
      readonly bytes: number
    }

/** Its data is under `/backup`. */
export type StagedTarget = TargetBasics & StagedData & { readonly status: 'staged'; readonly error: null }

interface NothingStaged {
  readonly files: null
  readonly bytes: null
}

/** It could not be staged, or the instance ended before. */
export interface FailedTarget extends TargetBasics, NothingStaged {
  readonly status: 'failed'
  readonly staging: null
  /** Why: one sentence. */
  readonly error: string
}

/** Of a dry run: how it would be staged. Nothing was. */
export interface PlannedTarget extends TargetBasics, NothingStaged {
  readonly status: 'planned'
  readonly staging: StagingName | 'dump'
  readonly error: null
  /** In words that stand after "would be": `mounted in place`. */
  readonly plan: string
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

/** Why an instance ended as it did. */
export interface InstanceCauses {
  readonly targets: readonly { readonly status: TargetReport['status'] }[]
  /** Why the instance itself failed: its image, its lock, its backup's end, its deadline, an application that stays down; `null` where none did. */
  readonly failure: string | null
  readonly cancelled: boolean
}

/**
 * The judgement on one instance. A failure of its own is `failed`, and counts more than a cancel that came later. A failed target is
 * `partial` where the image ran well with the rest, and `failed` where none is left. What a dry run planned is `skipped`.
 */
export function instanceStatus({ targets, failure, cancelled }: InstanceCauses): InstanceStatus {
  if (failure !== null) return 'failed'
  if (cancelled) return 'cancelled'
  const failed = targets.filter((target) => target.status === 'failed').length
  if (failed > 0) return failed === targets.length ? 'failed' : 'partial'
  return targets.some((target) => target.status === 'planned') ? 'skipped' : 'success'
}

/** The judgement on the run: its worst instance. `errors` are failures that belong to no instance. A dry run backs nothing up, so nothing was due. */
export function runResult(
  statuses: readonly InstanceStatus[],
  { cancelled, errors }: { readonly cancelled: boolean; readonly errors: readonly string[] },
): RunResult {
  if (errors.length > 0 || statuses.includes('failed')) return 'failed'
  if (cancelled || statuses.includes('cancelled')) return 'cancelled'
  if (statuses.includes('partial')) return 'partial'
  return statuses.includes('success') ? 'success' : 'nothing-due'
}

/** The judgement on the job: 0 is green. */
export function exitCode(result: RunResult, allowPartial: boolean): 0 | 1 {
  return result === 'success' || result === 'nothing-due' || (result === 'partial' && allowPartial) ? 0 : 1
}
