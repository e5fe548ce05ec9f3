/**
 * Defines the values that say what happened, and judges instances, the run and the exit code. Everything that people see is made from these
 * values; `RunReport` is `report.json`. Pure.
 */

/** How one instance ended. `skipped`: it was selected and not backed up, because the run was cancelled before it began, or because this is a dry run. */
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

/**
 * The ways by which a volume's data can come under `/backup`. This is the only list: the configuration's `staging` takes these words, and
 * `staging/` has a strategy for each.
 */
export const STAGINGS = ['mount', 'copy', 'presync'] as const
export type StagingName = (typeof STAGINGS)[number]

export type TargetKind = 'volume' | 'db'

/** What happened to one target. */
export type TargetReport = StagedTarget | FailedTarget | PlannedTarget

interface TargetBasics {
  readonly kind: TargetKind
  readonly name: string
  readonly seconds: number
  readonly warnings: readonly string[]
  /** Line of the target in the configuration, 1-based; `null` for a discovered one. */
  readonly line: number | null
}

/** How the data came under `/backup`, and how much it was. A volume that is mounted in place is never counted. */
export type StagedData =
  | { readonly staging: 'mount'; readonly files: null; readonly bytes: null }
  | {
      readonly staging: Exclude<StagingName, 'mount'> | 'dump'
      /** Number of entries that are not directories. */
      readonly files: number
      readonly bytes: number
    }

/** A target whose data is under `/backup`. */
export type StagedTarget = TargetBasics & StagedData & { readonly status: 'staged'; readonly error: null }

interface NothingStaged {
  readonly files: null
  readonly bytes: null
}

/** A target that could not be staged, or that was not reached before the instance ended. */
export interface FailedTarget extends TargetBasics, NothingStaged {
  readonly status: 'failed'
  readonly staging: null
  /** The reason, in one sentence. */
  readonly error: string
}

/** A target of a dry run: how it would be staged. Nothing was touched. */
export interface PlannedTarget extends TargetBasics, NothingStaged {
  readonly status: 'planned'
  readonly staging: StagingName | 'dump'
  readonly error: null
  /** Words that follow "would be": `mounted in place`. */
  readonly plan: string
}

/** What a target's report says where nothing was heard of the target until the end. */
export const NOT_REACHED = 'it was not staged: the instance ended before'

export interface InstanceReport {
  readonly id: string
  readonly status: InstanceStatus
  /** The phase that failed or was cancelled; `null` if none was. */
  readonly failedPhase: Phase | null
  /** One sentence that says what failed and what to do; `null` on success. */
  readonly error: string | null
  readonly warnings: readonly string[]
  readonly targets: readonly TargetReport[]
  readonly phases: readonly PhaseTiming[]
  /** UTC, ISO 8601 with milliseconds; `null` if it never began. */
  readonly startedAt: string | null
  readonly seconds: number
  /** How long applications were stopped, s; `null` if none was. */
  readonly downtimeSeconds: number | null
  /** Applications that this run stopped and that are not, or may not be, up again. */
  readonly notUp: readonly string[]
  readonly image: { readonly reference: string; readonly id: string | null; readonly digest: string | null }
  /** Exit code of the backup container; `null` if it did not run to its end. */
  readonly exitCode: number | null
  /** The next time that the schedule fires, UTC, ISO 8601; `null` without a schedule. */
  readonly nextRun: string | null
  /** Path of the whole log on the runner; `null` if nothing was written. */
  readonly log: string | null
  /** The last lines of the log, redacted; kept for the summary's fold of a failure. Our own begin with `--- `. */
  readonly tail: readonly string[]
  /** The last lines that the backup container wrote to stderr, redacted; empty unless its end is what failed. */
  readonly stderr: readonly string[]
  /** Line of the instance in the configuration, 1-based. */
  readonly line: number
}

export interface RunReport {
  readonly version: 1
  readonly result: RunResult
  /** True if nothing was touched. The status of the instances is then `skipped`. */
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
  /** Problems that belong to no instance of this run: an application that an earlier run stopped is not up. */
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
  readonly instances: readonly InstanceReport[]
}

/** The facts from which the status of an instance is judged. */
export interface InstanceCauses {
  readonly targets: readonly { readonly status: TargetReport['status'] }[]
  /** Why the instance itself failed: its image, its lock, the backup's end, its deadline, an application that stays down; `null` if it did not. */
  readonly failure: string | null
  readonly cancelled: boolean
}

/**
 * Judges one instance. A failure of its own makes it `failed`, even if it was cancelled later. With failed targets it is `partial` if the
 * image ran well with the rest, and `failed` if no target is left. A dry run's instance is `skipped`.
 */
export function instanceStatus({ targets, failure, cancelled }: InstanceCauses): InstanceStatus {
  if (failure !== null) return 'failed'
  if (cancelled) return 'cancelled'
  const failed = targets.filter((target) => target.status === 'failed').length
  if (failed > 0) return failed === targets.length ? 'failed' : 'partial'
  return targets.some((target) => target.status === 'planned') ? 'skipped' : 'success'
}

/** Judges the run by its worst instance. `errors` are failures that belong to no instance. A dry run backs nothing up, so its result is `nothing-due`. */
export function runResult(
  statuses: readonly InstanceStatus[],
  { cancelled, errors }: { readonly cancelled: boolean; readonly errors: readonly string[] },
): RunResult {
  if (errors.length > 0 || statuses.includes('failed')) return 'failed'
  if (cancelled || statuses.includes('cancelled')) return 'cancelled'
  if (statuses.includes('partial')) return 'partial'
  return statuses.includes('success') ? 'success' : 'nothing-due'
}

/** Judges the job: 0 is green. */
export function exitCode(result: RunResult, allowPartial: boolean): 0 | 1 {
  return result === 'success' || result === 'nothing-due' || (result === 'partial' && allowPartial) ? 0 : 1
}
