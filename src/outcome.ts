/**
 * Defines the reports of a run and of a restore and the words in them (statuses, phases, stagings, verdicts of drills), and judges
 * instances, runs and the exit code. Pages, annotations and outputs are made from the reports; `RunReport` is `report.json`,
 * `RestoreReport` is `restore.json`. Pure.
 */

/**
 * The end of one instance. `skipped`: it was selected, nothing of it failed, and it was not backed up: a cancel came before it began,
 * another run served its slot, or a dry run.
 */
export type InstanceStatus = 'success' | 'partial' | 'failed' | 'cancelled' | 'skipped'

/** The end of the whole run. `nothing-due`: no instance failed and none was backed up, because none was selected or all were skipped. */
export type RunResult = 'success' | 'partial' | 'failed' | 'cancelled' | 'nothing-due'

/** Endings of a past run, as its host remembers them. `died`: it was killed, and a later run cleaned up after it. */
export const PAST_STATUSES = ['success', 'partial', 'failed', 'cancelled', 'died'] as const

/** Memory that a host has of one past run of an instance. */
export interface PastRun {
  /** UTC, ISO 8601 with milliseconds, by the engine's clock. */
  readonly startedAt: string
  readonly status: (typeof PAST_STATUSES)[number]
  /** True if it was started because the instance was due, false if by hand. */
  readonly isScheduled: boolean
  /** `null` if nobody saw its end. */
  readonly seconds: number | null
  /** Bytes that were copied and dumped; if none were counted, as of volumes that are mounted in place, those that the image told; else `null`. */
  readonly bytes: number | null
  readonly runId: string
  readonly attempt: number
}

/** The phases of one instance's run, in their order. `check` and `place` are a restore's, `list`, `check`, `scratch`, `load` and `count` a drill's. */
export const PHASES = [
  'resolve',
  'image',
  'claim',
  'dump',
  'stage',
  'list',
  'run',
  'check',
  'scratch',
  'load',
  'count',
  'place',
  'release',
] as const
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

/** The outcome of one target, or the plan for it in a dry run. */
export type TargetReport = StagedTarget | FailedTarget | PlannedTarget

interface TargetBasics {
  readonly kind: TargetKind
  readonly name: string
  readonly seconds: number
  readonly warnings: readonly string[]
  /** Line of the target in the configuration, 1-based; `null` for a discovered one. */
  readonly line: number | null
}

/** The way a target's data came under `/backup`, and its size. A volume that is mounted in place is never counted. */
export type StagedData =
  | { readonly staging: 'mount'; readonly files: null; readonly bytes: null }
  | {
      readonly staging: Exclude<StagingName, 'mount'> | 'dump'
      /** Number of entries that are not directories; for a dump, of the files that it made. */
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

/** A target that a run could stage, as a dry run found it. */
export interface PlannedTarget extends TargetBasics, NothingStaged {
  readonly status: 'planned'
  readonly staging: StagingName | 'dump'
  readonly error: null
  /** The staging, in words for a place after "would be": `mounted in place`. */
  readonly plan: string
}

/** The error of a target that was neither staged nor failed when its instance ended. */
export const NOT_REACHED = 'it was not staged: the instance ended before'

/**
 * Facts that a backup image told of its backup in the file `$MARINA_RESULT`: checked, redacted and shortened. A part that the image did not
 * tell, or told in a wrong form, is missing.
 */
export interface ImageResult {
  /** Size of the data that the backup holds. */
  readonly bytes?: number
  readonly files?: number
  /** Size of what this run added to the store. */
  readonly addedBytes?: number
  /** The store's own name of this backup. */
  readonly snapshot?: string
  /** Address of a web page about this backup, http or https. */
  readonly url?: string
  readonly text?: string
  /** Other numbers, under names that the image chose. */
  readonly metrics?: Readonly<Record<string, number>>
}

export interface InstanceReport {
  readonly id: string
  readonly status: InstanceStatus
  /** Reason why it was run, or why it was skipped though it was selected; `null` if nobody says. */
  readonly why: string | null
  /** The phase in which the instance itself failed or was cancelled, else the one in which its first target failed; else `null`. */
  readonly failedPhase: Phase | null
  /**
   * Says what failed and what to do, in one sentence or several joined; after a cancel `cancelled`, and which application is down; `null` if
   * nothing failed.
   */
  readonly error: string | null
  readonly warnings: readonly string[]
  /** Sentences on which nobody need act: what was left out of the image's result. Missing if there are none. */
  readonly notices?: readonly string[]
  readonly targets: readonly TargetReport[]
  readonly phases: readonly PhaseTiming[]
  /** UTC, ISO 8601 with milliseconds; `null` if it never began. */
  readonly startedAt: string | null
  readonly seconds: number
  /** Time for which applications were stopped, s: the longest, if several groups were stopped. `null` if none was. */
  readonly downtimeSeconds: number | null
  /** Names of the containers that this run stopped and that are not, or may not be, up again. */
  readonly notUp: readonly string[]
  /** Those of `notUp` that run, but whose health check fails or has not passed in time. */
  readonly unhealthy: readonly string[]
  /** Names of the containers in which a postHook failed: they may still be in the state that their preHook made. */
  readonly postHookFailed: readonly string[]
  /**
   * The last runs of the instance on this host, this one included, the latest first; empty if this run is not among them (a dry run, a
   * skipped one).
   */
  readonly history: readonly PastRun[]
  readonly image: { readonly reference: string; readonly id: string | null; readonly digest: string | null }
  /** Exit code of the backup container; `null` if it did not run to its end. */
  readonly exitCode: number | null
  /** Missing if the image told nothing. */
  readonly result?: ImageResult
  /** The first slot after this run began, UTC, ISO 8601: it is backed up by the first tick of the workflow after it. `null` without a schedule. */
  readonly nextRun: string | null
  /** Path of the instance's whole log on the runner; `null` if there is no such file. */
  readonly log: string | null
  /** The last lines that containers wrote to the log, redacted, for the summary, which shows them folded with a failure. */
  readonly tail: readonly string[]
  /** The last lines that the backup container wrote to stderr, redacted; empty unless the instance failed by the container's exit. */
  readonly stderr: readonly string[]
  /** Line of the instance in the configuration, 1-based. */
  readonly line: number
}

export interface RunReport {
  readonly version: 1
  readonly result: RunResult
  /** True for a dry run, which touches nothing. An instance that could be backed up has then the status `skipped`. */
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
  /**
   * Failures that belong to no instance of this run: an application that an earlier run stopped is not, or may not be, up; with `coverage:
   * enforce`, something is in no backup. They make the run `failed`.
   */
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
  readonly instances: readonly InstanceReport[]
  /** The instances that were left out because they were not due. */
  readonly notDue: readonly NotDue[]
  /** The volumes and databases of the host that no instance backs up; `null` if it was not checked (`coverage: off`, a cancel). */
  readonly coverage: CoverageReport | null
}

/** The end of a restore. `listed`: it was asked for no point, and only listed them. */
export type RestoreResult = 'restored' | 'listed' | 'failed' | 'cancelled'

/** A moment to which an instance can be restored. */
export interface RestorePoint {
  /** The name that the image gives it. */
  readonly id: string
  /** UTC, ISO 8601; `null` if the image printed no time that can be read. */
  readonly time: string | null
  /** The image's own words about it. */
  readonly text: string
}

/** A target that was restored, and where it went. */
export interface RestoredTarget {
  readonly kind: TargetKind
  readonly name: string
  /** Name of the volume that has the data now, or of the container whose server has it. */
  readonly to: string
  /** Name of the volume that has the old data; `null` if none was kept. */
  readonly kept: string | null
}

/** `restore.json`. */
export interface RestoreReport {
  readonly version: 1
  readonly result: RestoreResult
  readonly dryRun: boolean
  readonly host: string
  readonly repository: string
  readonly runUrl: string | null
  readonly configFile: string
  readonly into: 'new' | 'place'
  /** The point as it was asked for; empty if the points were listed. */
  readonly point: string
  /** Time of the backup, `YYYYMMDD-HHMMSS` in UTC, from its manifest; `null` if it was not read. */
  readonly backupOf: string | null
  /** The points that the image listed, the newest last. */
  readonly points: readonly RestorePoint[]
  readonly restored: readonly RestoredTarget[]
  readonly warnings: readonly string[]
  readonly errors: readonly string[]
  readonly instance: InstanceReport
}

/**
 * The verdict of a drill on a backup, the best first. `nothing-to-drill`: nothing was backed up yet. `inconclusive`: the surroundings of the
 * drill kept it from an answer. `failed`: the backup is bad.
 */
export const DRILL_VERDICTS = ['proven', 'nothing-to-drill', 'inconclusive', 'failed'] as const
export type DrillVerdict = (typeof DRILL_VERDICTS)[number]

/** Memory that a host has of one past drill of an instance. */
export interface PastDrill {
  /** UTC, ISO 8601 with milliseconds, by the engine's clock. */
  readonly startedAt: string
  readonly verdict: DrillVerdict
  /** True if it was started because it was due, false if by hand. */
  readonly isScheduled: boolean
  /** Age of the point when the drill began, s; `null` if there was none, or if nobody could tell. */
  readonly ageSeconds: number | null
  /** Time that the restore took, s; `null` if it did not come to an end. */
  readonly restoreSeconds: number | null
  readonly runId: string
  readonly attempt: number
}

/** Judges a drill by the worst of its instances; without one there was nothing to drill. */
export function drillResult(verdicts: readonly DrillVerdict[]): DrillVerdict {
  const worst = Math.max(-1, ...verdicts.map((one) => DRILL_VERDICTS.indexOf(one)))
  return DRILL_VERDICTS[worst] ?? 'nothing-to-drill'
}

/** The data of a host that no instance of the configuration backs up. */
export interface CoverageReport {
  /** `enforce`: anything in `objects`, and a `problem`, makes the run fail. */
  readonly mode: 'report' | 'enforce'
  /** Volumes first, each kind in the order of its names. */
  readonly objects: readonly UncoveredObject[]
  /** Says in a sentence why not everything could be checked; `null` if it was. */
  readonly problem: string | null
}

/** A volume or a database container that no instance backs up. */
export interface UncoveredObject {
  readonly kind: TargetKind
  readonly name: string
  /** Name of the uncovered database that keeps its data in this volume; else `null`. A dump of that database covers both. */
  readonly dataOf: string | null
}

/** An instance that this run left out. */
export interface NotDue {
  readonly id: string
  /** The reason, in words for a place after "not due: ". */
  readonly why: string
  /** UTC, ISO 8601; `null` without a schedule. */
  readonly nextRun: string | null
  readonly line: number
  /** Its last run, its last success and its last partial run, as far as the host remembers them: with these, `check` needs no older report. */
  readonly history: readonly Pick<PastRun, 'startedAt' | 'status'>[]
}

/** The facts from which the status of an instance is judged. */
export interface InstanceCauses {
  readonly targets: readonly { readonly status: TargetReport['status'] }[]
  /**
   * The reason why the instance itself failed (not only a target): its image, its lock, the backup's exit, its deadline, an application
   * that stays down; else `null`.
   */
  readonly failure: string | null
  readonly cancelled: boolean
}

/**
 * Judges one instance. A failure of its own makes it `failed`, even if it was cancelled later; else a cancel makes it `cancelled`. If only
 * targets failed, it is `partial`, or `failed` if none is left. An instance without a failure is `skipped` if its targets are only planned
 * (a dry run), else `success`.
 */
export function instanceStatus({ targets, failure, cancelled }: InstanceCauses): InstanceStatus {
  if (failure !== null) return 'failed'
  if (cancelled) return 'cancelled'
  const failed = targets.filter((target) => target.status === 'failed').length
  if (failed > 0) return failed === targets.length ? 'failed' : 'partial'
  return targets.some((target) => target.status === 'planned') ? 'skipped' : 'success'
}

/**
 * Judges the run by its worst instance: `failed`, then `cancelled`, then `partial`. `errors` are failures that belong to no instance, and
 * make it `failed`. `cancelled` tells that the run was cancelled, even if no instance was. Without a success it is `nothing-due`, as is a
 * dry run in which nothing failed.
 */
export function runResult(
  statuses: readonly InstanceStatus[],
  { cancelled, errors }: { readonly cancelled: boolean; readonly errors: readonly string[] },
): RunResult {
  if (errors.length > 0 || statuses.includes('failed')) return 'failed'
  if (cancelled || statuses.includes('cancelled')) return 'cancelled'
  if (statuses.includes('partial')) return 'partial'
  return statuses.includes('success') ? 'success' : 'nothing-due'
}

/** Returns the exit code of the process: 0 if the job is to be green, else 1. `allowPartial` is the input `allow-partial`. */
export function exitCode(result: RunResult, allowPartial: boolean): 0 | 1 {
  return result === 'success' || result === 'nothing-due' || (result === 'partial' && allowPartial) ? 0 : 1
}
